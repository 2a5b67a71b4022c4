import { Modal } from '@mantine/core';
import { type ReactNode, useEffect } from 'react';
import './Dialog.css';

interface DialogProps {
  title: ReactNode;
  opened: boolean;
  close: () => void;
  children: ReactNode;
  size?: string;
}

/** A modal. The page behind is kept from scrolling by a class: the server's policy lets no style element in. */
export function Dialog({ title, opened, close, children, size = 'lg' }: DialogProps) {
  useEffect(() => {
    if (!opened) return;
    document.documentElement.classList.add('lc-dialog-open');
    return () => document.documentElement.classList.remove('lc-dialog-open');
  }, [opened]);
  return (
    <Modal opened={opened} onClose={close} title={title} size={size} closeButtonProps={{ 'aria-label': 'Close' }}>
      {children}
    </Modal>
  );
}

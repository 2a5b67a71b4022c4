import { Link } from 'react-router';
import css from './Brand.module.css';

export function Brand() {
  return (
    <Link to="/pipelines" className={css.brand}>
      <svg width="18" height="18" viewBox="0 0 32 32" aria-hidden="true">
        <path fill="#0f766e" d="M8 0h24L0 32V8a8 8 0 0 1 8-8z" />
        <path fill="#f59e0b" d="M32 0v24a8 8 0 0 1-8 8H0z" />
      </svg>
      latecomer
    </Link>
  );
}

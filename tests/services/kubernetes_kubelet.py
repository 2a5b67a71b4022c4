"""A node for tests: runs what a pod's container says as a process of this machine, and serves its log, as a kubelet would.

What an image is called decides: `run` runs; `missing` can't be pulled; `hungry` runs, and its failure is one of memory.
"""
import datetime
import http.client
import http.server
import os
import re
import ssl
import subprocess
import threading
import urllib.parse

from kubernetes_cluster import Refused, wait_until

NODE = 'machine'


def now(digits=9):
    text = datetime.datetime.now(datetime.timezone.utc).strftime('%Y-%m-%dT%H:%M:%S.%f')
    return text + '0' * (digits - 6) + 'Z' if digits else text[:19] + 'Z'


def expanded(text, environment):
    """As the kubelet does it: $(NAME) is a variable that came before, $$ is $."""
    return re.sub(r'\$\$|\$\((\w+)\)', lambda found: '$' if not found[1] else environment.get(found[1], found[0]), text)


class Container:
    """One pod's process and what it printed, with the time of each line."""

    def __init__(self, pod, folder):
        spec = pod['spec']['containers'][0]
        self.name, self.image = spec['name'], spec['image']
        self.lines, self.changed, self.ended = [], threading.Condition(), False
        self.started = now(0)
        environment = {}
        for one in spec.get('env', []):
            environment[one['name']] = expanded(one.get('value', ''), environment)
        command = [expanded(one, environment) for one in (*spec.get('command', []), *spec.get('args', []))]
        self.process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True, start_new_session=True,
                                        env={'PATH': os.environ['PATH'], **environment})
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            with self.changed:
                self.lines.append((now(), line))
                self.changed.notify_all()
        self.process.wait()
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def kill(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, 9)
        self.reader.join()
        self.process.stdout.close()

    def state(self):
        code = self.process.returncode
        if not self.ended:
            return 'Running', {'running': {'startedAt': self.started}}
        code = 128 - code if code < 0 else code
        reason = 'Completed' if code == 0 else 'OOMKilled' if self.image == 'hungry' else 'Error'
        return 'Failed' if code else 'Succeeded', {'terminated': {
            'exitCode': code, 'reason': reason, 'startedAt': self.started, 'finishedAt': now(0)}}


class LogHandler(http.server.BaseHTTPRequestHandler):
    """GET /containerLogs/<namespace>/<pod>/<container>?follow=true&timestamps=true&sinceTime=…"""

    def do_GET(self):
        url = urllib.parse.urlparse(self.path)
        asked = {key: values[0] for key, values in urllib.parse.parse_qs(url.query).items()}
        _, kind, _, pod, _ = (url.path.split('/') + [''] * 5)[:5]
        container = self.server.kubelet.containers_by_name.get(pod)
        if kind != 'containerLogs' or container is None:
            self.send_error(404)
            return
        self.server.kubelet.log_requests.append(asked)
        self.send_response(200)
        self.end_headers()
        try:
            self._send_lines(container, asked)
        except OSError:
            pass  # nobody reads any more

    def _send_lines(self, container, asked):
        sent = 0
        while True:
            with container.changed:
                container.changed.wait_for(lambda: len(container.lines) > sent or container.ended, 0.5)
                new, over = container.lines[sent:], container.ended
            for at, line in new:
                sent += 1
                if at[:19] < asked.get('sinceTime', '')[:19]:
                    continue  # whole seconds are asked for
                self.wfile.write((f'{at} {line}' if asked.get('timestamps') == 'true' else line).encode())
                self.wfile.flush()
            if not new and (over or asked.get('follow') != 'true' or self.server.kubelet.stopping.is_set()):
                return

    def log_message(self, *_):
        pass


class Kubelet:
    def __init__(self, cluster, folder):
        self.cluster, self.folder = cluster, folder
        self.containers, self.containers_by_name, self.log_requests = {}, {}, []
        self.said = {}  # uid → the status told last
        self.lost = False  # like a node that answers nobody
        self.stopping = threading.Event()
        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), LogHandler)
        self.server.daemon_threads = True
        self.server.kubelet = self
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*cluster.authority.issue('kubelet', '/CN=kubelet', ('127.0.0.1',)))
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.threads = [threading.Thread(target=self.server.serve_forever), threading.Thread(target=self._loop)]

    def start(self):
        self.cluster.apply({'apiVersion': 'v1', 'kind': 'Node', 'metadata': {'name': NODE}})
        self.cluster.patch(f'/api/v1/nodes/{NODE}/status', {'status': {
            'addresses': [{'type': 'InternalIP', 'address': '127.0.0.1'}],
            'daemonEndpoints': {'kubeletEndpoint': {'Port': self.server.server_address[1]}},
            'conditions': [{'type': 'Ready', 'status': 'True', 'lastHeartbeatTime': now(0), 'lastTransitionTime': now(0)}]}})
        for thread in self.threads:
            thread.start()
        return self

    def stop(self):
        self.stopping.set()
        self.server.shutdown()
        for thread in self.threads:
            thread.join()
        self.server.server_close()
        for container in self.containers.values():
            container.kill()

    def _loop(self):
        while not self.stopping.wait(0.05):
            if self.lost:
                continue
            try:
                pods = self.cluster.ask('GET', '/api/v1/pods')['items']
                for pod in pods:
                    self._settle(pod)
            except (OSError, Refused, ValueError, http.client.HTTPException):
                pass  # the API server is away, or was faster

    def _settle(self, pod):
        meta = pod['metadata']
        path = f'/api/v1/namespaces/{meta["namespace"]}/pods/{meta["name"]}'
        container = self.containers.get(meta['uid'])
        if 'deletionTimestamp' in meta:
            if container is not None:
                container.kill()
            body = {'apiVersion': 'v1', 'kind': 'DeleteOptions', 'gracePeriodSeconds': 0, 'preconditions': {'uid': meta['uid']}}
            self.cluster.ask('DELETE', path, body)
            return
        if not pod['spec'].get('nodeName'):
            if pod['spec'].get('nodeSelector'):
                self._tell(pod, path, 'Pending', None, {'type': 'PodScheduled', 'status': 'False', 'reason': 'Unschedulable',
                                                        'message': '0/1 nodes are available: 1 had no such label'})
                return
            self.cluster.ask('POST', f'{path}/binding', {
                'apiVersion': 'v1', 'kind': 'Binding', 'metadata': {'name': meta['name']},
                'target': {'apiVersion': 'v1', 'kind': 'Node', 'name': NODE}})
            return
        image = pod['spec']['containers'][0]['image']
        if image == 'missing':
            self._tell(pod, path, 'Pending', {'waiting': {'reason': 'ImagePullBackOff', 'message': 'Back-off pulling image'}})
            return
        if container is None and pod['status'].get('phase') in (None, 'Pending'):
            container = self.containers[meta['uid']] = self.containers_by_name[meta['name']] = Container(pod, self.folder)
        if container is not None:
            self._tell(pod, path, *container.state())

    def _tell(self, pod, path, phase, state, condition=None):
        uid = pod['metadata']['uid']
        if self.said.get(uid) == (phase, condition is None):
            return
        spec = pod['spec']['containers'][0]
        status = {'phase': phase, 'startTime': now(0)}
        if state is not None:
            status['containerStatuses'] = [{
                'name': spec['name'], 'image': spec['image'], 'imageID': '', 'restartCount': 0, 'ready': 'running' in state,
                'state': state}]
        if condition is not None:
            status['conditions'] = [condition]
        self.cluster.patch(f'{path}/status', {'status': status})
        self.said[uid] = (phase, condition is None)

    def processes(self):
        """How many containers were ever started."""
        return len(self.containers)

    def wait_for(self, count):
        wait_until(f'{count} containers', lambda: self.processes() >= count)

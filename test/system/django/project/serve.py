"""Serves the project on a free port of the loopback, and says which."""
import os
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from django.core.wsgi import get_wsgi_application


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Handler(WSGIRequestHandler):
    def log_message(self, *args):
        pass


os.environ['DJANGO_SETTINGS_MODULE'] = 'settings'
server = make_server('127.0.0.1', 0, get_wsgi_application(), Server, Handler)
print(f'listening at http://127.0.0.1:{server.server_port}', flush=True)
server.serve_forever()

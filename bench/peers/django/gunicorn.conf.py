"""gunicorn with one worker on a free port, which is told on standard output as JSON."""
import json
import os

os.environ['DJANGO_SETTINGS_MODULE'] = 'settings'

wsgi_app = 'django.core.wsgi:get_wsgi_application()'
bind = '127.0.0.1:0'
workers = 1
loglevel = 'error'


def when_ready(server):
    print(json.dumps({'port': server.LISTENERS[0].sock.getsockname()[1], 'pid': os.getpid()}), flush=True)

"""Makes the database with a user and a token. Says the token and what is installed, as JSON."""
import json
import os

os.environ['DJANGO_SETTINGS_MODULE'] = 'settings'

import django
import gunicorn
import rest_framework

django.setup()

from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from rest_framework.authtoken.models import Token

call_command('migrate', verbosity=0)
connection.cursor().execute('PRAGMA journal_mode = wal')
print(json.dumps({
    'key': Token.objects.create(user=User.objects.create(username='ann')).key,
    'versions': f'Django {django.__version__}, DRF {rest_framework.VERSION}, gunicorn {gunicorn.__version__}',
}))

"""Does with Django's ORM what it is told: a JSON line in, a JSON line out."""
import datetime
import json
import os
import sys
import time

import django

os.environ['DJANGO_SETTINGS_MODULE'] = 'settings'
django.setup()

from django.contrib.auth.hashers import PBKDF2PasswordHasher, check_password, make_password
from django.contrib.auth.models import Group, Permission, User
from django.db import OperationalError, connection
from django.utils import timezone
from rest_framework.authtoken.models import Token


def create_user(username, password, hasher=None, token=True, **fields):
    user = User.objects.create(username=username, password=make_password(password, hasher=hasher or 'default'), **fields)
    return Token.objects.create(user=user).key if token else None


def create_users(prefix, count, password, token):
    """Many users with one cheap hash: a login of theirs costs the database more than the processor."""
    encoded = PBKDF2PasswordHasher().encode(password, 'salt', iterations=1000)
    User.objects.bulk_create([User(username=f'{prefix}{i}', password=encoded) for i in range(count)])
    users = User.objects.filter(username__startswith=prefix)
    if token:
        Token.objects.bulk_create([Token(user=user, key=Token.generate_key()) for user in users])
    return tokens(prefix)


def tokens(prefix=''):
    return dict(Token.objects.filter(user__username__startswith=prefix).values_list('user__username', 'key'))


def set_password(username, password):
    user = User.objects.get(username=username)
    user.set_password(password)
    user.save()


def set_fields(username, **fields):
    for name in ('date_joined', 'last_login'):
        if name in fields:
            fields[name] = datetime.datetime.fromisoformat(fields[name])
    User.objects.filter(username=username).update(**fields)


def accepts(username, password):
    """Whether the password is right. Without a setter: nothing is hashed anew."""
    return check_password(password, User.objects.get(username=username).password)


def delete_token(username):
    Token.objects.get(user__username=username).delete()


def delete_user(username):
    return User.objects.get(username=username).delete()[1]


def exists(username):
    return User.objects.filter(username=username).exists()


def add_group(username):
    User.objects.get(username=username).groups.add(Group.objects.get_or_create(name='editors')[0])


def add_permission(username):
    User.objects.get(username=username).user_permissions.add(Permission.objects.first())


def clear_relations(username):
    user = User.objects.get(username=username)
    user.groups.clear()
    user.user_permissions.clear()


def relations(username):
    user = User.objects.get(username=username)
    return user.groups.count() + user.user_permissions.count()


def describe(username):
    """A user and its token as the ORM reads them."""
    def value(it):
        if isinstance(it, datetime.datetime):
            return {'aware': timezone.is_aware(it), 'iso': it.astimezone(datetime.timezone.utc).isoformat()}
        return {'type': type(it).__name__, 'value': it}

    user = User.objects.get(username=username)
    token = Token.objects.filter(user=user).first()
    names = ['id', 'username', 'email', 'first_name', 'last_name', 'is_active', 'is_staff', 'is_superuser', 'date_joined', 'last_login']
    return {
        **{name: value(getattr(user, name)) for name in names},
        'created': value(token.created) if token else None,
        'joined_in_2020': User.objects.filter(username=username, date_joined__year=2020).exists(),
    }


def write_for(seconds, prefix, pause):
    """Users and tokens, one commit each, as fast as the pause lets it."""
    encoded = PBKDF2PasswordHasher().encode('unimportant', 'salt', iterations=1000)
    written, replaced, locked, until = {}, 0, 0, time.monotonic() + seconds
    while time.monotonic() < until:
        name = f'{prefix}{len(written)}-{locked}'
        try:
            user = User.objects.create(username=name, password=encoded)
            token = Token.objects.create(user=user)
            if len(written) % 5 == 0:
                token.delete()
                token = Token.objects.create(user=user)
                replaced += 1
            written[name] = token.key
        except OperationalError:
            locked += 1
        time.sleep(pause)
    return {'written': written, 'replaced': replaced, 'locked': locked}


def journal_mode(mode):
    with connection.cursor() as cursor:
        cursor.execute(f'PRAGMA journal_mode = {mode}')
        return cursor.fetchone()[0]


ACTIONS = {name: it for name, it in list(globals().items()) if callable(it) and getattr(it, '__module__', '') == '__main__'}

for line in sys.stdin:
    order = json.loads(line)
    try:
        answer = {'value': ACTIONS[order['action']](**order['arguments'])}
    except Exception as error:
        answer = {'error': f'{type(error).__name__}: {error}'}
    print(json.dumps(answer), flush=True)

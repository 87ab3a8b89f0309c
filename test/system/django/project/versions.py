"""Says what is installed."""
import importlib.util
import json

import django
import rest_framework

print(json.dumps({
    'versions': f'Django {django.__version__}, DRF {rest_framework.VERSION}',
    **{name: importlib.util.find_spec(name) is not None for name in ['argon2', 'bcrypt']},
}))

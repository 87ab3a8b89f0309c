-- The service's role and database, where they are not there yet. The password comes from the environment, not from the command line.
\set ON_ERROR_STOP on
\getenv password AUTHTOKEN_DATABASE_PASSWORD
SELECT format('CREATE ROLE authtoken LOGIN PASSWORD %L', :'password')
  WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'authtoken') \gexec
SELECT 'CREATE DATABASE authtoken OWNER authtoken'
  WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'authtoken') \gexec

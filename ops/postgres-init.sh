#!/bin/sh
# Roles and databases of a new PostgreSQL cluster, once. Runs as the superuser, in the image's entrypoint.
# The migrations make everything else, as gangway_owner.
set -eu

psql -v ON_ERROR_STOP=1 --no-psqlrc --username "$POSTGRES_USER" --dbname postgres <<'SQL'
\getenv owner_password GANGWAY_OWNER_PASSWORD
\getenv app_password GANGWAY_APP_PASSWORD
\getenv temporal_password TEMPORAL_DB_PASSWORD

CREATE ROLE gangway_owner LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD :'owner_password';
CREATE ROLE gangway_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD :'app_password';
CREATE ROLE temporal LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD :'temporal_password';

CREATE DATABASE gangway OWNER gangway_owner;
CREATE DATABASE temporal OWNER temporal;
CREATE DATABASE temporal_visibility OWNER temporal;

-- Temporal and Gangway have no business in each other's database.
REVOKE CONNECT ON DATABASE gangway, temporal, temporal_visibility FROM PUBLIC;
GRANT CONNECT ON DATABASE gangway TO gangway_app;

\connect gangway
CREATE EXTENSION pg_trgm;
CREATE EXTENSION unaccent;
CREATE EXTENSION citext;

\connect temporal_visibility
-- Its schema asks for it, and only a superuser may make it in some builds.
CREATE EXTENSION IF NOT EXISTS btree_gin;
SQL

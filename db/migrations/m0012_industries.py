from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from db import seeding
from db.ddl import scripts

ID = "0012_industries"
VERSION = "1.38.0"
DESCRIPTION = "The industries that a company may be in, and an index of the words for them"

SEEDED = "33472a712546691c"
"""Of what was written when this migration was made. Data that changes later needs a later migration."""

# Both extensions are trusted: who owns the database may create them. Where a superuser did, they are there.
# The dictionary stands in the function's body by its oid, so the result depends on nothing that could change
# unseen; PostgreSQL calls unaccent no more than stable because a dictionary can be replaced.
TABLES = """
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS unaccent;

CREATE FUNCTION folded(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  RETURN trim(regexp_replace(lower(unaccent('unaccent', normalize($1, NFKC))), '[^a-z0-9]+', ' ', 'g'));

CREATE TABLE industries (
  key text PRIMARY KEY CHECK (key ~ '^[a-z][a-z_]*$'),
  code text NOT NULL UNIQUE CHECK (code ~ '^[0-9]{2}$'),
  section text NOT NULL CHECK (section ~ '^[A-U]$'),
  name jsonb NOT NULL,
  category jsonb NOT NULL,
  synonyms jsonb NOT NULL,
  ai_context jsonb NOT NULL,
  terms text[] NOT NULL
);
GRANT SELECT ON industries TO gangway_app;

CREATE TABLE industry_words (
  industry text NOT NULL REFERENCES industries ON DELETE CASCADE,
  locale text NOT NULL CHECK (locale IN ('en', 'es')),
  word text NOT NULL CHECK (word = folded(word)),
  weight double precision NOT NULL CHECK (weight > 0),
  PRIMARY KEY (industry, locale, word)
);
CREATE INDEX industry_words_word ON industry_words USING gin (word gin_trgm_ops) WITH (fastupdate = off);
GRANT SELECT ON industry_words TO gangway_app;
"""

FORWARDS = TABLES + seeding.industries()

# An extension that a superuser made is not the owner's to drop, and one that something else uses stays.
BACKWARDS = """
DROP TABLE industry_words;
DROP TABLE industries;
DROP FUNCTION folded(text);
DO $$
DECLARE made name;
BEGIN
  FOR made IN
    SELECT extname FROM pg_extension
    WHERE extname IN ('pg_trgm', 'unaccent') AND extowner = current_user::regrole
  LOOP
    BEGIN
      EXECUTE format('DROP EXTENSION %I', made);
    EXCEPTION WHEN dependent_objects_still_exist THEN
      RAISE NOTICE '% is in use elsewhere and stays', made;
    END;
  END LOOP;
END $$;
"""


async def forwards() -> MigrationManager:
    return scripts(ID, DESCRIPTION, FORWARDS, BACKWARDS)

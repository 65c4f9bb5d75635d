"""What the database holds because the domain says so, as SQL scripts for migrations.

A script makes its tables equal to the domain of the code that runs it. Where the domain's data changes later, a
new migration runs the script again; `fingerprint` tells that this is due (`tests/db/test_industries.py`).
"""

import hashlib

import msgspec
from msgspec.structs import asdict

from onboarding.industries import INDUSTRIES
from onboarding.industries.words import STOP_WORDS


def industries() -> str:
    """Fill `industries` and `industry_words`; rows of industries that are no more are deleted."""
    return f"""
CREATE TEMPORARY TABLE industry_seed ON COMMIT DROP AS SELECT * FROM jsonb_to_recordset($seed${_json()}$seed$)
  AS (key text, code text, section text, name jsonb, category jsonb, synonyms jsonb, ai_context jsonb);

DELETE FROM industries WHERE key NOT IN (SELECT key FROM industry_seed);
INSERT INTO industries (key, code, section, name, category, synonyms, ai_context, terms)
SELECT key, code, section, name, category, synonyms, ai_context, ARRAY(
  SELECT DISTINCT folded(term) FROM (
    SELECT value FROM jsonb_each_text(name)
    UNION ALL SELECT jsonb_array_elements_text(value) FROM jsonb_each(synonyms)
  ) AS called (term) ORDER BY 1
) FROM industry_seed
ON CONFLICT (key) DO UPDATE SET
  code = EXCLUDED.code, section = EXCLUDED.section, name = EXCLUDED.name, category = EXCLUDED.category,
  synonyms = EXCLUDED.synonyms, ai_context = EXCLUDED.ai_context, terms = EXCLUDED.terms;

-- A word says more alone than among others, and more the fewer industries it belongs to.
DELETE FROM industry_words;
INSERT INTO industry_words (industry, locale, word, weight)
WITH said (industry, locale, term, weight) AS (
  SELECT key, en_or_es, value, 0.9 FROM industries, jsonb_each_text(name) AS name (en_or_es, value)
  UNION ALL
  SELECT key, en_or_es, jsonb_array_elements_text(listed), 1
    FROM industries, jsonb_each(synonyms) AS synonym (en_or_es, listed)
  UNION ALL
  SELECT key, en_or_es, value, 0.3 FROM industries, jsonb_each_text(category) AS category (en_or_es, value)
  UNION ALL
  SELECT key, en_or_es, jsonb_array_elements_text(listed), 0.3
    FROM industries, jsonb_each(ai_context->'keywords') AS keyword (en_or_es, listed)
), words AS (
  SELECT industry, locale, word, max(weight / sqrt(cardinality(words))) AS weight
  FROM said, string_to_array(folded(term), ' ') AS words, unnest(words) AS word
  WHERE length(word) > 1 AND word <> ALL ('{{{",".join(sorted(STOP_WORDS))}}}'::text[])
  GROUP BY industry, locale, word
)
SELECT industry, locale, word, weight / sqrt(count(*) OVER (PARTITION BY locale, word)) FROM words;
ANALYZE industries, industry_words;

DROP TABLE industry_seed;
"""


def fingerprint() -> str:
    """Another one whenever `industries` would write something else."""
    return hashlib.sha256(industries().encode()).hexdigest()[:16]


def _json() -> str:
    rows = [{**asdict(industry), "category": industry.category} for industry in INDUSTRIES.values()]
    text = msgspec.json.encode(rows).decode()
    assert "$seed$" not in text
    return text

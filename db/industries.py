"""The industries that a company may be in. They belong to no tenant, and only migrations write them."""

import msgspec

from db.pool import Connection
from onboarding.industries import INDUSTRIES, Industry
from onboarding.industries.words import STOP_WORDS

_COLUMNS = "key, code, section, name, synonyms, ai_context"

# Whoever is called exactly so comes first: by key, code or name, then by a synonym, then by the beginning of one.
# Among equals the words decide. A word is found whole, at the beginning of another (who types has not finished),
# or misspelt; what was found worse than half as well as the best is left out.
_SEARCH = f"""
WITH asked AS MATERIALIZED (SELECT folded($1) AS said),
words AS MATERIALIZED (
  SELECT DISTINCT word FROM asked, string_to_table(said, ' ') AS word
  WHERE length(word) > 1 AND word <> ALL ($4::text[])
  LIMIT 8
),
found AS (
  SELECT a.word AS asked, w.*,
    CASE WHEN w.word = a.word THEN 1 ELSE 0.8 * similarity(w.word, a.word) END AS quality
  FROM words AS a JOIN industry_words AS w ON w.word % a.word
  UNION ALL
  SELECT a.word AS asked, w.*, 0.6 + 0.3 * length(a.word) / length(w.word)
  FROM words AS a JOIN industry_words AS w ON w.word LIKE a.word || '%'
),
hits AS (
  SELECT industry, max(quality) AS quality,
    max(quality ^ 2 * weight * CASE locale WHEN $3 THEN 1 ELSE 0.9 END) AS rank
  FROM found GROUP BY industry, asked
),
scored AS (
  SELECT i.*, coalesce(h.rank, 0) AS rank, coalesce(h.quality, 0) AS quality, CASE
    WHEN said IN (folded(key), code, lower(section || code), folded(name->>'en'), folded(name->>'es')) THEN 3
    WHEN said = ANY (terms) THEN 2
    WHEN EXISTS (SELECT FROM unnest(terms) AS term WHERE term LIKE said || '%') THEN 1
    ELSE 0
  END AS called
  FROM asked, industries AS i
  LEFT JOIN (SELECT industry, sum(quality) AS quality, sum(rank) AS rank FROM hits GROUP BY industry) AS h
    ON h.industry = i.key
  WHERE said <> ''
)
SELECT {_COLUMNS} FROM (
  SELECT *, greatest(0.25 * (SELECT count(*) FROM words), 0.6 * max(quality) OVER ()) AS enough FROM scored
) AS best
WHERE (called > 0 OR quality > 0 AND quality >= enough) AND ($2::text IS NULL OR section = $2)
ORDER BY called DESC, rank DESC, code
LIMIT $5
"""

_ALL = f"""
SELECT {_COLUMNS} FROM industries WHERE ($1::text IS NULL OR section = $1) ORDER BY code LIMIT $2
"""


async def search(
    conn: Connection, q: str | None, category: str | None, locale: str, limit: int = len(INDUSTRIES)
) -> list[Industry]:
    """The industries that are called so, best first; without `q` all of them, in the order of their codes.

    Args:
        conn: a connection.
        q: words in English or Spanish, a key or a code; accents, case and a wrong letter do not matter.
        category: the letter of a section, to look in this one only.
        locale: of two equal finds, the one in this language comes first.
        limit: at most so many.
    """
    if q is None or not q.strip():
        rows = await conn.fetch(_ALL, category, limit)
    else:
        rows = await conn.fetch(_SEARCH, q, category, locale, sorted(STOP_WORDS), limit)
    return [msgspec.convert(dict(row), Industry) for row in rows]

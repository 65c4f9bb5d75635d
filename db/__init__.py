"""PostgreSQL: tables, migrations, and one query file per topic, which take and return structs."""

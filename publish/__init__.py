"""How the course comes to its readers. Each part runs as ``python -m publish.NAME`` and writes below ``build/``."""

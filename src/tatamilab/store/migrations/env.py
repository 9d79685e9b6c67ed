"""What Alembic runs: the migrations, on the connection that `connecting` gives it."""

from alembic import context

from tatamilab.store.tables import VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    version_table=VERSION_TABLE,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()

"""All readers by name."""

from fuzz import of_commands, of_data, of_lessons, of_models, of_runs, of_studies, of_the_lab
from fuzz.reader import Reader

READERS: dict[str, Reader] = {
    reader.name: reader
    for part in (of_data, of_models, of_runs, of_studies, of_lessons, of_the_lab, of_commands)
    for reader in part.READERS
}

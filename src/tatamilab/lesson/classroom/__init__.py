"""What a class hands in, gathered from a folder and shown side by side; nothing leaves the machine.

archives   zips, read in memory; nothing in them is written to disk under its own name
gathering  a folder of hand-ins, each read or named with the reason why not
summary    who has what, and the pooled answer to B2-1-2
roster     everyone in the class, so that who hasn't handed in is known
page       the page and the table
"""

from tatamilab.lesson.classroom.gathering import HandedIn, gather
from tatamilab.lesson.classroom.page import render, table
from tatamilab.lesson.classroom.roster import read_roster
from tatamilab.lesson.classroom.summary import ClassSummary, summarise

__all__ = ["ClassSummary", "HandedIn", "gather", "read_roster", "render", "summarise", "table"]

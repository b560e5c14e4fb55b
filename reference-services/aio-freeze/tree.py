"""A programme of talks as a tree, whose nodes know their parents."""
from bhservice.table import attendee


class Node:
    """A node of the tree."""

    def __init__(self, name, parent=None):
        self.name = name
        self.parent = parent
        self.children = []
        if parent is not None:
            parent.children.append(self)


def programme(rows):
    """The root of a tree with this many talks."""
    root = Node('programme')
    days = [Node('day %d' % day, root) for day in range(1, 4)]
    for number in range(1, rows + 1):
        Node(attendee(number)[4], days[number % 3])
    return root

"""The options every service takes; a service adds its own."""
import argparse


def parser(name, description):
    """An argument parser with the options of the contract (see README.md)."""
    options = argparse.ArgumentParser(prog=name, description=description)
    options.add_argument('--port', type=int, default=0,
                         help='port on 127.0.0.1; 0 lets the kernel choose (default)')
    options.add_argument('--ledger', metavar='FILE',
                         help='append one JSON object a line for each event that matters')
    options.add_argument('--rows', type=positive, default=1000, metavar='N',
                         help='rows in the table of attendees (default: 1000)')
    options.add_argument('--diagnostics', metavar='DIR',
                         help='offer the in-process kit in this private directory (default: off)')
    return options


def positive(text):
    """An argparse type: a whole number above zero."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError('%s is not above zero' % text)
    return number


def not_negative(text):
    """An argparse type: a whole number, zero allowed."""
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError('%s is below zero' % text)
    return number


def seconds(text):
    """An argparse type: a time span in seconds, above zero."""
    span = float(text)
    if not 0.0 < span < float('inf'):
        raise argparse.ArgumentTypeError('%s is no time span' % text)
    return span

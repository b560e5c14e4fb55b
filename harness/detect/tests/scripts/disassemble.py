"""Writes what the interpreter itself knows of the bytecode of its library: a line a code object.

hex of co_code, co_firstlineno, hex of co_lnotab, co_stacksize, back jumps that are reached (target-offset,...), lines (offset-line,...),
calls (offset,...).
"""
import dis
import glob
import os
import sys


def codes(code):
    yield code
    for constant in code.co_consts:
        if isinstance(constant, type(code)):
            for inner in codes(constant):
                yield inner


def instructions(text):
    """(offset, opcode, argument, offset of the next)."""
    at = 0
    extended = 0
    while at < len(text):
        opcode = ord(text[at])
        begin = at
        at += 1
        argument = None
        if opcode >= dis.HAVE_ARGUMENT:
            argument = ord(text[at]) + ord(text[at + 1]) * 256 + extended
            extended = 0
            at += 2
            if opcode == dis.EXTENDED_ARG:
                extended = argument * 65536
        yield begin, opcode, argument, at


def reached(found):
    """Offsets that some way through the code leads to; every END_FINALLY is taken to go on."""
    by_offset = dict((each[0], each) for each in found)
    ends = ('RETURN_VALUE', 'RAISE_VARARGS', 'JUMP_FORWARD', 'JUMP_ABSOLUTE', 'CONTINUE_LOOP', 'BREAK_LOOP')
    seen = set()
    todo = [0]
    while todo:
        offset = todo.pop()
        if offset in seen or offset not in by_offset:
            continue
        seen.add(offset)
        _, opcode, argument, after = by_offset[offset]
        if dis.opname[opcode] not in ends:
            todo.append(after)
        if opcode in dis.hasjabs:
            todo.append(argument)
        if opcode in dis.hasjrel and dis.opname[opcode] != 'SETUP_LOOP':
            todo.append(after + argument)
        if dis.opname[opcode] == 'BREAK_LOOP':
            ends_of_loops = [begin_after + length for begin, other, length, begin_after in found
                             if dis.opname[other] == 'SETUP_LOOP' and begin < offset < begin_after + length]
            todo.append(min(ends_of_loops))
    return seen


def describe(code):
    text = code.co_code
    found = list(instructions(text))
    alive = reached(found)
    jumps = [(argument, offset) for offset, opcode, argument, _ in found
             if opcode in dis.hasjabs and argument <= offset and offset in alive]
    calls = [offset for offset, opcode, _, _ in found if dis.opname[opcode].startswith('CALL_FUNCTION')]
    pairs = ','.join('%d-%d' % jump for jump in jumps) or '-'
    lines = ','.join('%d-%d' % start for start in dis.findlinestarts(code)) or '-'
    return ' '.join([text.encode('hex'), str(code.co_firstlineno), code.co_lnotab.encode('hex') or '-',
                     str(code.co_stacksize), pairs, lines, ','.join(map(str, calls)) or '-'])


def main():
    for path in sorted(glob.glob(os.path.join(os.path.dirname(os.__file__), '*.py'))):
        with open(path, 'U') as source:
            try:
                module = compile(source.read(), path, 'exec')
            except (SyntaxError, TypeError):
                continue
        for code in codes(module):
            sys.stdout.write(describe(code) + '\n')


if __name__ == '__main__':
    main()

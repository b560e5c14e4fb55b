"""What the interpreter says of code objects: all of the standard library, as compiled; and those that ran, as they are now."""
import dis, gc, os, sys, sysconfig
from dis import opmap

JUMPS = set(getattr(dis, 'hasjump', dis.hasjrel + dis.hasjabs))
ALWAYS = {opmap[n] for n in ('JUMP_BACKWARD', 'JUMP_BACKWARD_NO_INTERRUPT', 'JUMP_ABSOLUTE', 'JUMP_FORWARD') if n in opmap}
ENDINGS = ('RETURN_VALUE', 'RETURN_CONST', 'RAISE_VARARGS', 'RERAISE', 'INTERPRETER_EXIT')
ENDS = {opmap[n] for n in ENDINGS if n in opmap} | ALWAYS
IS_UP_TO_3_11 = sys.version_info[:2] <= (3, 11)
# Where what makes a generator puts nothing by its own account, the compiler begins with that on the stack. Up to 3.10 it
# begins with what it is sent first.
BEGINS_WITH = 1 - dis.stack_effect(opmap['RETURN_GENERATOR']) if 'RETURN_GENERATOR' in opmap else 1
GENERATORS = 0x20 | 0x80 | 0x200


def numbers(data):
    it = iter(data)
    def one():
        b = next(it)
        value = b & 63
        while b & 64:
            b = next(it)
            value = value << 6 | b & 63
        return value
    try:
        while True:
            yield one(), one(), one(), one()
    except StopIteration:
        return
    except RuntimeError:
        return


def table(code):
    found = []
    try:
        for start, length, target, dl in numbers(getattr(code, 'co_exceptiontable', b'')):
            found.append((start * 2, (start + length) * 2, target * 2, dl >> 1, dl & 1))
    except RuntimeError:
        pass
    return found


def depths(code, ops, ranges):
    """The depth of the stack before each instruction, as the compiler counts it."""
    at = {offset: index for index, (offset, *_) in enumerate(ops)}
    known, todo = {}, [(0, BEGINS_WITH if code.co_flags & GENERATORS else 0)]
    while todo:
        index, depth = todo.pop()
        if index in known or index >= len(ops):
            continue
        known[index] = depth
        offset, op, arg, target, begin = ops[index]
        for start, end, handler, left, lasti in ranges:
            if start <= begin < end:
                todo.append((at[handler], left + lasti + 1))
        if op in JUMPS:
            effect = dis.stack_effect(op, arg, jump=True)
            # From 3.12 on what ends takes away what it was asked for.
            if op == opmap['FOR_ITER'] and not IS_UP_TO_3_11:
                effect = 1
            if op == opmap.get('SEND') and not IS_UP_TO_3_11:
                effect = 0
            todo.append((at[target], depth + effect))
        if op not in ENDS:
            effect = dis.stack_effect(op, arg if op >= dis.HAVE_ARGUMENT else None, jump=False)
            todo.append((index + 1, depth + effect))
    return {ops[index][0]: depth for index, depth in known.items()}


def tell(code, raw):
    ops, begin = [], None
    for one in dis.Bytecode(code):
        begin = one.offset if begin is None else begin
        if one.opcode == dis.EXTENDED_ARG:
            continue
        ops.append((one.offset, one.opcode, one.arg or 0, one.argval if one.opcode in JUMPS else None, begin))
        begin = None
    # A jump leads to what an EXTENDED_ARG belongs to.
    starts = {o[4]: o[0] for o in ops}
    ops = [(o, op, arg, starts.get(t, t), b) for o, op, arg, t, b in ops]
    ranges = [(s, e, starts.get(h, h), d, l) for s, e, h, d, l in table(code)]
    deep = depths(code, ops, ranges)
    fields = [
        getattr(code, 'co_qualname', code.co_name).replace(' ', '_'), str(code.co_firstlineno), raw.hex(),
        getattr(code, 'co_exceptiontable', b'').hex() or '-',
        code.co_linetable.hex() or '-', str(len(code.co_names)), str(code.co_nlocals + len(code.co_cellvars) + len(code.co_freevars)),
        ','.join('%d:%d:%d:%d' % (o, op, arg, deep.get(o, -1)) for o, op, arg, _, _ in ops) or '-',
        ','.join('%d:%d:%s' % (s, e, -1 if l is None else l) for s, e, l in code.co_lines()) or '-',
        ','.join('%d:%d:%d:%d:%d' % r for r in table(code)) or '-',
        code.co_filename,
    ]
    sys.stdout.write('\t'.join(fields) + '\n')


def nested(code):
    yield code
    for const in code.co_consts:
        if hasattr(const, 'co_code'):
            yield from nested(const)


def library():
    top = sysconfig.get_path('stdlib')
    for folder, folders, files in os.walk(top):
        folders[:] = sorted(f for f in folders if f not in ('test', 'tests', 'site-packages', 'idle_test', '__pycache__', 'lib2to3'))
        for name in sorted(files):
            if name.endswith('.py'):
                path = os.path.join(folder, name)
                try:
                    code = compile(open(path, 'rb').read(), os.path.relpath(path, top), 'exec', dont_inherit=True)
                except SyntaxError:
                    continue
                for one in nested(code):
                    tell(one, one.co_code)


def ran():
    import ast, asyncio, json, re, tokenize, io, collections, decimal, fractions, random, textwrap, difflib, statistics
    text = open(os.__file__).read()
    async def work():
        queue = asyncio.Queue()
        async def put():
            for n in range(300):
                await queue.put(n)
        async def get():
            total = 0
            async with asyncio.Lock():
                while total < 300:
                    await queue.get()
                    total += 1
        await asyncio.gather(put(), get())
    for _ in range(12):
        ast.unparse(ast.parse(text))
        json.loads(json.dumps({'a': list(range(40)), 'b': {'c': [1.5, None, 'x']}}, indent=1))
        re.compile('(a|b)+c{%d}' % (_ + 2)).sub('x', 'abababccccc' * 20)
        list(tokenize.generate_tokens(io.StringIO(text).readline))
        textwrap.wrap(text[:2000], 40)
        sum(fractions.Fraction(1, n) for n in range(1, 30))
        statistics.stdev([random.random() for _ in range(50)])
        list(difflib.unified_diff(text[:1500].split('\n'), text[100:1600].split('\n')))
        asyncio.run(work())
    for one in gc.get_objects():
        code = getattr(one, '__code__', None) if type(one).__name__ == 'function' else None
        if hasattr(code, 'co_lines') and code.co_filename != __file__:
            # Up to 3.10 it stays as it was compiled.
            tell(code, getattr(code, '_co_code_adaptive', code.co_code))


library() if sys.argv[1] == 'library' else ran()

"""What one run of chaos has in common: ports, what has been counted and found, and how bytes are cut."""
import collections, re, socket, struct

ROUTES = 40
PORTS, SECRETS = {}, {}
# Policies of each route, as they are written; the text of the whole route.
POLICIES, TEXTS = {}, {}
count = collections.Counter()
attempts = collections.Counter()
faults = []
LENGTHS = [0, 1, 7, 100, 4096, 16384, 65535, 65536, 65537, 200000, 299999, 300000, 300001]
# Each exchange has a mark, which its header fields and bodies consist of: another's is found at once.
EX = re.compile(rb'EX[0-9]{7}')


def fault(kind, ex, text):
    count['FAULT ' + kind] += 1
    if len(faults) < 200:
        faults.append((kind, ex, text))
        print('chaos: FAULT', kind, ex.decode(), text[:2200], flush=True)


def pattern(ex, n):
    return (b'<' + ex + b'>') * (n // 11) + (b'<' + ex + b'>')[:n % 11] if n else b''


def length(r):
    return r.choice(LENGTHS) if r.random() < .25 else int(2 ** r.uniform(0, r.choice([4, 8, 12, 15, 17])))


def cut(r, data, style):
    """Pieces of data."""
    if style == 'whole' or len(data) < 2: return [data]
    if style == 'bytes': data_at = list(range(1, min(len(data), 300)))
    elif style == 'head':
        end = data.find(b'\r\n\r\n')
        data_at = [end + 4] if end >= 0 else []
    elif style == 'ends': data_at = [len(data) - r.choice([1, 2, 5])]
    else: data_at = sorted({r.randrange(1, len(data)) for _ in range(r.randint(1, 6))})
    data_at = [x for x in data_at if 0 < x < len(data)]
    out, last = [], 0
    for at in data_at: out.append(data[last:at]); last = at
    return out + [data[last:]]


STYLES = ['whole', 'head', 'head', 'random', 'random', 'ends', 'bytes']


def reset(writer):
    try:
        s = writer.get_extra_info('socket')
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    except Exception: pass
    writer.transport.abort()


def nodelay(writer):
    s = writer.get_extra_info('socket')
    if s is not None: s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def chunked(r, body, trailers, ext=True):
    out, at = b'', 0
    while at < len(body):
        n = min(len(body) - at, r.choice([1, 5, 100, 4096, 70000]) if len(body) < 3000 else r.choice([1000, 4096, 70000]))
        x = r.choice([b'', b'', b';a=b', b';q="x\\"y"', b' ;z']) if ext else b''
        size = b'%x' % n if r.random() < .8 else b'000%X' % n
        out += size + x + b'\r\n' + body[at:at + n] + b'\r\n'
        at += n
    return out + b'0\r\n' + b''.join(b'%s: %s\r\n' % t for t in trailers) + b'\r\n'

"""Servers of HTTP/1.1 and HTTP/2 that answer as each request's plan says, in pieces, or break off."""
import asyncio, base64, json, random, re, ssl
import h2.config, h2.connection, h2.errors, h2.events, h2.exceptions, h2.settings
from setting import *


def draw_plan(r):
    p = {'s': r.randrange(1 << 30), 'st': r.choice([200] * 8 + [201, 204, 304, 404, 500, 503, 503, 299]), 'n': length(r)}
    p['fr'] = r.choice(['cl', 'cl', 'ch', 'ch', 'close'])
    p['cut'] = r.choice(STYLES)
    p['pause'] = r.choice([0, 1, 1, 3, 15])
    if r.random() < .15: p['info'] = r.choice([[100], [103], [102, 103], [100, 103]])
    if r.random() < .15: p['early'] = 1
    x = r.random()
    if x < .06: p['rst'] = r.random()
    elif x < .12: p['fin'] = r.random()
    elif x < .15: p['extra'] = 1
    elif x < .17: p['stall'] = r.random()
    elif x < .19: p['junk'] = 1
    if r.random() < .2: p['tr'] = 1
    if r.random() < .15: p['cl'] = 1
    if r.random() < .2: p['fail'] = r.randint(1, 3)
    if r.random() < .05: p['refuse'] = 1
    return p


def plan_of(headers):
    raw = headers.get('x-plan')
    try: return json.loads(base64.urlsafe_b64decode(raw)) if raw else {'s': 1, 'st': 200, 'n': 5, 'fr': 'cl', 'cut': 'whole', 'pause': 0}
    except Exception: return {'s': 1, 'st': 200, 'n': 5, 'fr': 'cl', 'cut': 'whole', 'pause': 0}


def settle_plan(plan, ex):
    attempts[ex] += 1
    plan = dict(plan)
    if attempts[ex] <= plan.get('fail', 0):
        plan['st'] = 503
        if plan['s'] % 5 == 0: plan['rst'] = 0
    plan['s'] += attempts[ex]
    return plan


def check_request(headers, raw_ids, body, whole, where):
    ex = headers.get('x-ex', '').encode()
    foreign = {x for x in raw_ids if x != ex}
    if ex and foreign and headers.get('x-mut') != '1': fault('foreign-in-request', ex, f'{where} {foreign}')
    if whole and 'x-rl' in headers and ex:
        route = headers.get('x-route', '')
        if not changes(route, 'request') and headers.get('x-mut') != '1':
            expected = pattern(ex, int(headers['x-rl']))
            if body != expected: fault('request-body', ex, f'{where} got {len(body)} want {len(expected)} route {route} {headers}')
            else: count['request bodies right'] += 1


def changes(route, what):
    """Whether bodies may be changed on a route."""
    return route == '?' or any(what + ': {' in x and 'body: "' in x.split('authorization')[0] for x in POLICIES.get(route, ['body']))


async def upstream1(reader, writer):
    nodelay(writer)
    head = b''
    try:
        while True:
            before = head
            try: head = await reader.readuntil(b'\r\n\r\n')
            except (asyncio.IncompleteReadError, asyncio.LimitOverrunError) as e:
                if getattr(e, 'partial', b''): count['upstream partial head'] += 1
                return
            lines = head[:-4].split(b'\r\n')
            if lines[0].startswith(b'PRI '): return
            if not re.fullmatch(rb'[!#$%&\'*+.^_`|~0-9A-Za-z-]+ [!-~]+ HTTP/1\.1', lines[0]): fault('request-line', b'', repr(head[:100]) + ' BEHIND ' + repr(before))
            headers = {}
            for line in lines[1:]:
                m = re.fullmatch(rb'([!#$%&\'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*', line, re.S)
                if not m or b'\r' in line or b'\n' in line or b'\0' in line:
                    return fault('request-field', b'', repr(head[:600]))
                name = m[1].decode().lower()
                if name in headers and name in ('content-length', 'transfer-encoding', 'host', 'x-ex'): fault('request-double', b'', repr(head[:600]))
                headers[name] = m[2].decode('latin1')
            ex = headers.get('x-ex', 'EX0000000').encode()
            plan = settle_plan(plan_of(headers), ex)
            count['upstream1 requests'] += 1
            async def body():
                out = b''
                if 'transfer-encoding' in headers:
                    if 'content-length' in headers: fault('request-framing', ex, repr(head))
                    while True:
                        line = await reader.readuntil(b'\r\n')
                        n = int(line.split(b';')[0], 16)
                        if n == 0:
                            while (await reader.readuntil(b'\r\n')) != b'\r\n': pass
                            return out
                        out += await reader.readexactly(n)
                        if await reader.readexactly(2) != b'\r\n': fault('request-chunk', ex, repr(head)); return out
                return await reader.readexactly(int(headers.get('content-length', 0)))
            method = lines[0].split(b' ')[0]
            early = plan.get('early')
            if not early:
                if '100-continue' in headers.get('expect', ''): writer.write(b'HTTP/1.1 100 Continue\r\n\r\n')
                data = await body()
                check_request(headers, set(EX.findall(head)) | set(EX.findall(data)), data, True, 'h1 ' + repr(lines[0]))
            keep = await answer1(writer, plan, ex, method)
            if not keep: return
            if early:
                if writer.is_closing(): return
                data = await asyncio.wait_for(body(), 10)
                check_request(headers, set(EX.findall(head)) | set(EX.findall(data)), data, True, 'h1 ' + repr(lines[0]))
    except (ConnectionError, asyncio.IncompleteReadError, asyncio.TimeoutError, OSError, ssl.SSLError): pass
    except ValueError as e: fault('upstream-parse', b'', repr(e))
    finally: writer.close()


def answer_head(plan, r):
    lines = [b'HTTP/1.1 %d Some' % plan['st'], b'x-up: 1', b'server: s']
    if r.random() < .3: lines.append(b'x-a: ' + b'v' * r.choice([1, 100, 4000, 30000]))
    return lines


async def answer1(writer, plan, ex, method):
    r = random.Random(plan['s'])
    out = b''
    for info in plan.get('info', []): out += b'HTTP/1.1 %d Info\r\nx-i: 1\r\n\r\n' % info
    n = plan['n']
    body = pattern(ex, n)
    empty = plan['st'] in (204, 304) or method == b'HEAD'
    lines = answer_head(plan, r)
    close = plan.get('cl') or plan['fr'] == 'close'
    if plan['st'] == 204: tail = b''
    elif plan['fr'] == 'cl': lines.append(b'Content-Length: %d' % n); tail = b'' if empty else body + (b'MORE' if plan.get('extra') else b'')
    elif plan['fr'] == 'ch':
        lines.append(b'Transfer-Encoding: chunked')
        tail = b'' if empty else chunked(r, body, [(b'x-tr', b'1'), (b'x-ex', ex)] if plan.get('tr') else [])
    else: tail = b'' if empty else body
    if close: lines.append(b'Connection: close')
    if plan.get('junk'): lines.insert(r.randrange(len(lines)), r.choice([b'bad line', b'Content-Length: x', b': v', b'\x00: 1', b'Content-Length: 3\r\nContent-Length: 4']))
    out += b'\r\n'.join(lines) + b'\r\n\r\n' + tail
    stop = None
    for kind in ('rst', 'fin', 'stall'):
        if kind in plan: stop = (kind, int(plan[kind] * len(out)))
    sent = 0
    for piece in cut(r, out, plan['cut']):
        if stop and sent + len(piece) >= stop[1]:
            writer.write(piece[:stop[1] - sent])
            await writer.drain()
            if plan['pause']: await asyncio.sleep(plan['pause'] / 1000)
            if stop[0] == 'rst': reset(writer)
            elif stop[0] == 'stall': await asyncio.sleep(6)
            return False
        writer.write(piece)
        sent += len(piece)
        await writer.drain()
        if plan['pause']: await asyncio.sleep(plan['pause'] / 1000 if len(out) < 1000 or plan['cut'] != 'bytes' else 0)
    return not close


async def upstream2(reader, writer):
    nodelay(writer)
    seed = random.randrange(1 << 30)
    r = random.Random(seed)
    c = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding='latin1', validate_outbound_headers=False, normalize_outbound_headers=False))
    c.initiate_connection()
    if r.random() < .4: c.update_settings({h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: r.choice([0, 1, 100, 5000]), h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS: r.choice([1, 2, 100])})
    starve = r.random() < .5
    streams, tasks = {}, []
    wake = asyncio.Event()
    def out():
        data = c.data_to_send()
        if data:
            for piece in cut(r, data, r.choice(['whole', 'whole', 'random', 'ends'])): writer.write(piece)
    async def answer(sid, plan, ex, method):
        rr = random.Random(plan['s'])
        try:
            if plan.get('refuse') and attempts[ex] == 1:
                c.reset_stream(sid, h2.errors.ErrorCodes.REFUSED_STREAM); out(); return
            for info in plan.get('info', []): c.send_headers(sid, [(':status', str(info)), ('x-i', '1')]); out()
            n, body = plan['n'], pattern(ex, plan['n'])
            empty = plan['st'] in (204, 304) or method == 'HEAD'
            hs = [(':status', str(plan['st'])), ('x-up', '1')]
            if rr.random() < .2: hs.append(('x-a', 'v' * rr.choice([1, 4000, 20000])))
            if plan['fr'] == 'cl' and plan['st'] != 204: hs.append(('content-length', str(n)))
            if plan.get('junk'): hs.append(rr.choice([('Bad', '1'), ('connection', 'x'), ('content-length', 'x'), (':path', '/')]))
            if plan.get('extra') and not empty: body += b'MORE'
            stop = None
            for kind in ('rst', 'fin', 'stall'):
                if kind in plan: stop = (kind, int(plan[kind] * (len(body) + 1)))
            if stop and stop[1] == 0: return await halt(sid, stop[0])
            end = (empty or not body) and not plan.get('tr')
            c.send_headers(sid, hs, end_stream=end)
            if not (end is False and plan['cut'] == 'whole'): out()
            if plan['pause']: await asyncio.sleep(plan['pause'] / 1000)
            if end: return
            at = 0
            if empty: body = b''
            while at < len(body):
                w = min(c.local_flow_control_window(sid), c.max_outbound_frame_size)
                if w <= 0:
                    wake.clear(); await asyncio.wait_for(wake.wait(), 8); continue
                k = min(len(body) - at, w, rr.choice([1, 10, 1000, 16384, 16384]) if len(body) < 5000 else 16384)
                if stop and at + k >= stop[1]:
                    return await halt(sid, stop[0])
                last = at + k == len(body) and not plan.get('tr') and plan['s'] % 3 > 0
                pad = rr.choice([None, None, 0, 10]) if w > k + 20 and k < 16000 else None
                c.send_data(sid, body[at:at + k], end_stream=last, pad_length=pad)
                at += k
                out()
                if last: return
                if rr.random() < .3: await asyncio.sleep(plan['pause'] / 1000)
            if stop: return await halt(sid, stop[0])
            if plan.get('tr'): c.send_headers(sid, [('x-tr', '1')], end_stream=True)
            else: c.send_data(sid, b'', end_stream=True)
            out()
        except (h2.exceptions.ProtocolError, asyncio.TimeoutError, KeyError, ConnectionError, OSError) as e: count['up2 ' + type(e).__name__] += 1
    async def halt(sid, kind):
        if kind == 'stall': await asyncio.sleep(6)
        if kind == 'fin' and random.random() < .5:
            c.close_connection(error_code=random.choice([0, 1, 2])); out(); await asyncio.sleep(.01); writer.close(); return
        if kind == 'fin': writer.close(); return
        if random.random() < .2: reset(writer); return
        c.reset_stream(sid, random.choice([0, 1, 2, 5, 8, 11])); out()
    def check(sid):
        headers, data = streams[sid]['h'], streams[sid]['b']
        check_request(headers, set(EX.findall(repr(headers).encode())) | set(EX.findall(data)), bytes(data), True, 'h2')
    out()
    try:
        while True:
            data = await asyncio.wait_for(reader.read(65536), 30)
            if not data: return
            for e in c.receive_data(data):
                if isinstance(e, h2.events.RequestReceived):
                    count['upstream2 requests'] += 1
                    headers = dict(e.headers)
                    ex = headers.get('x-ex', 'EX0000000').encode()
                    plan = settle_plan(plan_of(headers), ex)
                    streams[e.stream_id] = {'h': headers, 'b': bytearray(), 'p': plan, 'x': ex}
                    if plan.get('early'): tasks.append(asyncio.ensure_future(answer(e.stream_id, plan, ex, headers[':method'])))
                elif isinstance(e, h2.events.DataReceived):
                    streams[e.stream_id]['b'] += e.data
                    async def later(n, sid):
                        await asyncio.sleep(r.choice([0, 0, .005, .03]) if starve else 0)
                        try: c.acknowledge_received_data(n, sid); c.increment_flow_control_window(1000, sid) if starve else None; out()
                        except Exception: pass
                    tasks.append(asyncio.ensure_future(later(e.flow_controlled_length, e.stream_id)))
                elif isinstance(e, h2.events.StreamEnded):
                    check(e.stream_id)
                    s = streams[e.stream_id]
                    if not s['p'].get('early'): tasks.append(asyncio.ensure_future(answer(e.stream_id, s['p'], s['x'], s['h'][':method'])))
                elif isinstance(e, (h2.events.WindowUpdated, h2.events.RemoteSettingsChanged)): wake.set()
                elif isinstance(e, h2.events.ConnectionTerminated): return
            out()
            await writer.drain()
    except h2.exceptions.ProtocolError as e:
        if 'ConnectionState.CLOSED' not in repr(e): fault('h2-to-upstream', b'', repr(e))
    except (ConnectionError, asyncio.TimeoutError, OSError, ssl.SSLError): pass
    finally:
        for t in tasks: t.cancel()
        writer.close()

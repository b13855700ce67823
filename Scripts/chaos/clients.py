"""Clients of HTTP/1.1 and HTTP/2 that send requests in pieces, in part malformed, and break off."""
import asyncio, base64, json, re, ssl
import h2.config, h2.connection, h2.events, h2.exceptions, h2.settings
from answers import Answers, check_answer
from setting import *
from upstreams import draw_plan


def explain(raw, state):
    last = re.findall(r'@([0-9]+)', frames(raw))[-1]
    q = state[int(last)]['q'] if int(last) in state else None
    if q is None: return 'no stream'
    return f"LAST {last} {q['method']} {q['path'][:20]} {q['framing']} n={q['n']} ex={q['expect']} half={q.get('half')} plan={q['plan']} ROUTE {TEXTS.get(q['route'])}"


def frames(raw):
    out, at = [], 0
    while at + 9 <= len(raw):
        n, t, f, sid = int.from_bytes(raw[at:at + 3], 'big'), raw[at + 3], raw[at + 4], int.from_bytes(raw[at + 5:at + 9], 'big')
        out.append(f"{['DATA','HEAD','PRIO','RST','SET','PUSH','PING','GOAWAY','WIN','CONT'][t] if t < 10 else t}:{n}/{f}@{sid}")
        at += 9 + n
    return ' '.join(out[-12:])


def draw_request(r, ex, port):
    q = {'ex': ex, 'plan': draw_plan(r), 'method': r.choice(['GET'] * 4 + ['POST'] * 6 + ['PUT', 'PATCH', 'DELETE', 'HEAD', 'HEAD', 'OPTIONS'])}
    q['route'] = 'r%d' % r.randrange(ROUTES + (1 if r.random() < .1 else 0))
    q['path'] = '/' + q['route'] + r.choice(['', '/', '/x', '/x?a=b', '', '/y', r.choice(['/a%20b?q', '/a%20b?q', '/a%2Fb']), '/' + 'l' * 3000])
    hs = [('x-ex', ex.decode()), ('x-route', '?' if port == 'changed' else q['route']), ('x-plan', base64.urlsafe_b64encode(json.dumps(q['plan']).encode()).decode())]
    x = r.random()
    if x < .55: hs.append(('authorization', 'Bearer ' + SECRETS['token']))
    elif x < .62: hs.append(('authorization', 'Bearer ' + SECRETS['token'][:-4] + 'AAAA'))
    elif x < .7: hs.append(('authorization', 'Basic ' + base64.b64encode(r.choice([b'bob:secret', b'bob:no'])).decode()))
    if r.random() < .8: hs.append(('x-key', 'abc'))
    if r.random() < .2: hs.append(('origin', 'https://a.test'))
    if r.random() < .1: hs.append(('x-gone', 'g' * r.choice([1, 8000])))
    if r.random() < .1: hs.append(('cookie', 'a=b; c=d'))
    if r.random() < .05: hs.append(('content-type', 'application/grpc'))
    if r.random() < .1: hs.append(('x-request-id', 'id-' + ex.decode()))
    q['framing'] = r.choice(['cl', 'cl', 'ch']) if q['method'] not in ('GET', 'HEAD') or r.random() < .1 else 'none'
    q['n'] = length(r) if q['framing'] != 'none' else 0
    if r.random() < .3 and q['framing'] != 'none': q['n'] = min(q['n'], 2000)
    q['tr'] = r.random() < .2
    q['expect'] = q['framing'] != 'none' and r.random() < .08
    hs.append(('x-rl', str(q['n'])))
    r.shuffle(hs)
    q['hs'] = hs
    return q


def request_bytes(r, q, mutated):
    lines = ['%s %s HTTP/1.1' % (q['method'], q['path']), 'Host: a.test'] + ['%s: %s' % (r.choice([k, k.title()]), v) for k, v in q['hs']]
    if mutated: lines.append('x-mut: 1')
    if q['expect']: lines.append('Expect: 100-continue')
    body = pattern(q['ex'], q['n'])
    if q['framing'] == 'cl': lines.append('Content-Length: %d' % q['n'])
    elif q['framing'] == 'ch':
        lines.append('Transfer-Encoding: chunked')
        body = chunked(r, body, [(b'x-trail', b'1'), (b'x-sub', b'evil')] if q['tr'] else [])
    if r.random() < .03: lines.append('Connection: close')
    return '\r\n'.join(lines).encode() + b'\r\n\r\n' + body


serial = [0]


def next_ex():
    serial[0] += 1
    return b'EX%07d' % serial[0]


CLIENT_TLS = {p: ssl._create_unverified_context() for p in ('h2', 'http/1.1')}
for p, x in CLIENT_TLS.items(): x.set_alpn_protocols([p])


async def client1(r, port):
    requests = [draw_request(r, next_ex(), port) for _ in range(r.choice([1, 1, 1, 2, 3, 4]))]
    mutated = r.random() < .08
    data = b''.join(request_bytes(r, q, mutated) for q in requests)
    if mutated:
        data = bytearray(data)
        for _ in range(r.randint(1, 3)):
            at = r.randrange(min(len(data), 1500))
            x = r.random()
            if x < .4: data[at] = r.randrange(256)
            elif x < .7: del data[at]
            else: data.insert(at, r.choice(b'\r\n\0 :;09az'))
        data = bytes(data)
    tls = port == 'tls'
    reader, writer = await asyncio.open_connection('127.0.0.1', PORTS[port], ssl=CLIENT_TLS['http/1.1'] if tls else None, server_hostname='localhost' if tls else None)
    nodelay(writer)
    answers = Answers(requests)
    slow = r.random() < .12
    stop = None
    x = r.random()
    if x < .06: stop = ('rst', r.randrange(len(data) + 1))
    elif x < .1: stop = ('fin', r.randrange(len(data) + 1))
    elif x < .14: stop = ('fin', len(data))
    elif x < .17: stop = ('rst-later', len(data))
    aborted = [False]
    style, pause = r.choice(STYLES), r.choice([0, 1, 1, 3, 20])
    if len(data) > 3000 and style == 'bytes': style = 'random'
    async def send():
        sent = 0
        try:
            for piece in cut(r, data, style):
                if stop and sent + len(piece) >= stop[1]:
                    writer.write(piece[:stop[1] - sent])
                    await writer.drain()
                    aborted[0] = True
                    if stop[0] == 'rst': reset(writer)
                    elif stop[0] == 'rst-later': await asyncio.sleep(r.random() * .1); reset(writer)
                    elif not tls: writer.write_eof()
                    else: writer.close()
                    return
                writer.write(piece); sent += len(piece)
                await writer.drain()
                if pause: await asyncio.sleep(pause / 1000)
        except (ConnectionError, OSError, ssl.SSLError): pass
    sender = asyncio.ensure_future(send())
    try:
        while len(answers.done) < len(requests) and not answers.broken:
            got = await reader.read(r.choice([100, 2000]) if slow else 65536)
            if not got: answers.eof = True; answers.ended(); break
            answers.feed(got)
            if slow and r.random() < .05: await asyncio.sleep(.01)
    except (ConnectionError, OSError, ssl.SSLError): count['client1 connection reset'] += 1
    finally:
        sender.cancel()
    late = answers.done and answers.done[-1]['status'] == 408 and answers.done[-1]['q']['method'] == 'HEAD'
    if answers.broken and not mutated and not late: fault('answer-form', requests[0]['ex'], f'{answers.broken} {requests}')
    if not mutated:
        for a in answers.done: check_answer(a['q'], a['status'], a['headers'], a['head'], a['body'], port, f'h1/{port}', a.get('untilclose'))
    else:
        ids = {q['ex'] for q in requests}
        for a in answers.done:
            foreign = {x for x in EX.findall(a['body']) if x not in ids}
            if foreign and not any(f[2:-1] in data for f in foreign): count['mutated foreign'] += 1
    if not answers.done and not aborted[0] and not mutated and not answers.part: count['client1 closed without answer'] += 1
    count['client1 connections'] += 1
    r.random() < .2 and reset(writer)
    writer.close()


async def client2(r, port):
    tls = port == 'tls'
    reader, writer = await asyncio.open_connection('127.0.0.1', PORTS[port], ssl=CLIENT_TLS['h2'] if tls else None, server_hostname='localhost' if tls else None)
    nodelay(writer)
    c = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True, header_encoding=None, validate_outbound_headers=False, normalize_outbound_headers=False, validate_inbound_headers=True))
    starve = r.random() < .35
    if starve: c.local_settings = h2.settings.Settings(client=True, initial_values={h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: r.choice([0, 1, 100, 20000]), h2.settings.SettingCodes.ENABLE_PUSH: 0})
    c.initiate_connection()
    requests = [draw_request(r, next_ex(), port) for _ in range(r.choice([1, 1, 2, 4, 8]))]
    resets, sent = [], [b'']
    state, wake, style = {}, asyncio.Event(), r.choice(['whole', 'whole', 'random', 'ends', 'bytes'])
    lock = asyncio.Lock()
    async def out():
        async with lock:
            data = c.data_to_send()
            sent[0] += data
            if not data: return
            for piece in cut(r, data, style if len(data) < 3000 or style != 'bytes' else 'random'):
                writer.write(piece)
                if style != 'whole': await asyncio.sleep(r.choice([0, .001]))
            await writer.drain()
    async def send(q):
        pause = r.choice([0, 1, 5])
        hs = [(':method', q['method']), (':scheme', 'https' if tls else 'http'), (':path', q['path']), (':authority', 'a.test')] + q['hs']
        half = r.random() < .06
        if half:
            q['half'] = 1
            hs += [('x-mut', '1'), r.choice([('Upper', '1'), ('content-length', '5'), ('content-length', '9999999'), ('connection', 'close'), ('te', 'gzip'), ('a b', 'c'), (':path', '/')])]
        elif q['framing'] == 'cl': hs.append(('content-length', str(q['n'])))
        if q['expect']: hs.append(('expect', '100-continue'))
        body = pattern(q['ex'], q['n']) if q['framing'] != 'none' else b''
        sid = c.get_next_available_stream_id()
        s = state[sid] = {'q': q, 'status': None, 'headers': {}, 'body': bytearray(), 'end': False, 'dead': False}
        end = q['framing'] == 'none' or not body and r.random() < .5 and not q['tr']
        c.send_headers(sid, hs, end_stream=end)
        stop = r.randrange(len(body) + 1) if r.random() < .06 else None
        if r.random() < .6: await out()
        if pause: await asyncio.sleep(pause / 1000)
        at = 0
        while not end and not s['dead'] and not s['end']:
            w = min(c.local_flow_control_window(sid), c.max_outbound_frame_size)
            left = len(body) - at
            if left and w <= 0: wake.clear(); await asyncio.wait_for(wake.wait(), 15); continue
            k = min(left, w, r.choice([1, 100, 5000, 16384]) if len(body) < 3000 else 16384)
            if stop is not None and at + k >= stop:
                q['half'] = 1
                c.reset_stream(sid, r.choice([0, 2, 8])); resets.append(sid); s['dead'] = True; break
            last = at + k >= len(body)
            if last and q['tr']:
                if k: c.send_data(sid, body[at:])
                c.send_headers(sid, [('x-trail', '1'), ('x-sub', 'evil')], end_stream=True)
            else: c.send_data(sid, body[at:at + k], end_stream=last and r.random() < .7, pad_length=r.choice([None, None, 3]) if w > k + 10 and k < 16000 else None)
            at += k
            if last:
                if not q['tr'] and c.streams[sid].open and not c._stream_closed_by(sid) and c.streams[sid].state_machine.state.name in ('OPEN', 'HALF_CLOSED_REMOTE'): c.send_data(sid, b'', end_stream=True)
                end = True
            if r.random() < .5: await out()
            if pause and r.random() < .3: await asyncio.sleep(pause / 1000)
        await out()
        if r.random() < .04: await asyncio.sleep(r.random() * .05); c.reset_stream(sid, 8); resets.append(sid); s['dead'] = True; q['half'] = 1; await out()
    async def sender():
        for q in requests:
            try: await send(q)
            except (h2.exceptions.ProtocolError, asyncio.TimeoutError, KeyError) as e: count['client2 send ' + type(e).__name__] += 1; q['half'] = 1
            except (ConnectionError, OSError, ssl.SSLError): return
            if r.random() < .1: await asyncio.sleep(.02)
        if r.random() < .05:
            try: c.ping(b'12345678'); await out()
            except Exception: pass
    task = asyncio.ensure_future(sender())
    gone = r.random() < .04
    acks, raw = [], b''
    try:
        while not task.done() or any(not s['end'] and not s['dead'] for s in state.values()):
            if gone and r.random() < .3: reset(writer); break
            try: data = await asyncio.wait_for(reader.read(65536), 1)
            except asyncio.TimeoutError: continue
            if not data: count['client2 eof'] += 1; break
            raw += data
            for e in c.receive_data(data):
                s = state.get(getattr(e, 'stream_id', None))
                if isinstance(e, h2.events.ResponseReceived):
                    s['headers'] = dict(e.headers); s['status'] = int(s['headers'][b':status'])
                elif isinstance(e, h2.events.DataReceived):
                    s['body'] += e.data
                    async def later(n, sid):
                        if starve: await asyncio.sleep(r.choice([0, .002, .02]))
                        try:
                            c.acknowledge_received_data(n, sid)
                            if starve and not state[sid]['end']: c.increment_flow_control_window(r.choice([10, 1000, 30000]), sid)
                            await out()
                        except Exception: pass
                    acks.append(asyncio.ensure_future(later(e.flow_controlled_length, e.stream_id)))
                elif isinstance(e, h2.events.StreamEnded): s['end'] = True
                elif isinstance(e, h2.events.StreamReset):
                    if s: s['dead'] = True
                    wake.set()
                elif isinstance(e, (h2.events.WindowUpdated, h2.events.RemoteSettingsChanged)): wake.set()
                elif isinstance(e, h2.events.ConnectionTerminated):
                    count[f'client2 goaway {e.error_code}'] += 1
                    # Trailers of a stream that the gateway has reset meanwhile end the connection (swift-nio-http2).
                    if e.error_code and not any(q.get('half') or q['tr'] for q in requests): fault('goaway', requests[0]['ex'], f'{e.error_code} {e.additional_data} {frames(raw)} SENT {frames(sent[0][24:])} {[(q["method"], q["framing"], q["n"], q["tr"]) for q in requests]}')
                    raise ConnectionError
            if starve:
                for sid, s in list(state.items()):
                    if not s['end'] and not s['dead'] and s['status'] and c.remote_flow_control_window(sid) < 200:
                        try: c.increment_flow_control_window(r.choice([1, 100, 9000]), sid)
                        except Exception: pass
            await out()
    except h2.exceptions.ProtocolError as e:
        # What still comes for a stream that was reset, or behind GOAWAY, is too much for the package.
        if 'in state 6' not in repr(e) and 'ConnectionState.CLOSED' not in repr(e): fault('h2-to-client', requests[0]['ex'], f'{e!r} {frames(raw)} {resets} {style} {port} starve={starve} ' + explain(raw, state))
    except (ConnectionError, OSError, ssl.SSLError): count['client2 connection over'] += 1
    finally:
        task.cancel()
        for t in acks: t.cancel()
    for s in state.values():
        if s['end'] and s['status'] and not s['q'].get('half'):
            headers = {k.lower(): v for k, v in s['headers'].items()}
            check_answer(s['q'], s['status'], headers, repr(headers).encode(), bytes(s['body']), port, f'h2/{port}')
        elif s['dead']: count['client2 stream reset'] += 1
    count['client2 connections'] += 1
    writer.close()

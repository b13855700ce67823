"""Reads answers of HTTP/1.1, and holds answers against what their plans say."""
import re
from setting import *


class Answers:
    """Reads answers of HTTP/1.1."""
    def __init__(self, requests): self.requests, self.buffer, self.done, self.info, self.broken, self.state, self.eof, self.part = requests, b'', [], 0, None, None, False, None
    def feed(self, data):
        self.buffer += data
        while not self.broken and self.step(): pass
    def step(self):
        if self.state is None:
            end = self.buffer.find(b'\r\n\r\n')
            if end < 0:
                if self.buffer and not b'HTTP/1.1 '.startswith(self.buffer[:9]): self.broken = 'garbage ' + repr(self.buffer[:80])
                return False
            head = self.buffer[:end]; self.buffer = self.buffer[end + 4:]
            lines = head.split(b'\r\n')
            m = re.fullmatch(rb'HTTP/1\.1 ([0-9]{3}) .*', lines[0])
            if not m: self.broken = 'status line ' + repr(head[:100]); return False
            headers = {}
            for line in lines[1:]:
                k, colon, v = line.partition(b':')
                if not colon or b'\n' in line: self.broken = 'field ' + repr(line[:100]); return False
                if k.lower() in headers and k.lower() in (b'content-length', b'transfer-encoding'): self.broken = 'double ' + repr(line)
                headers[k.lower()] = v.strip()
            status = int(m[1])
            if 100 <= status < 200: self.info += 1; return True
            if len(self.done) >= len(self.requests): self.broken = 'more answers than requests'; return False
            q = self.requests[len(self.done)]
            self.part = {'status': status, 'headers': headers, 'head': head, 'body': b'', 'q': q}
            if q['method'] == 'HEAD' or status in (204, 304): return self.complete()
            if b'transfer-encoding' in headers: self.state = 'size'
            elif b'content-length' in headers: self.state = ('length', int(headers[b'content-length']))
            else: self.state = 'close'
            return True
        if self.state == 'close':
            self.part['body'] += self.buffer; self.buffer = b''; return False
        if self.state == 'size':
            end = self.buffer.find(b'\r\n')
            if end < 0: return False
            try: n = int(self.buffer[:end].split(b';')[0], 16)
            except ValueError: self.broken = 'chunk ' + repr(self.buffer[:50]); return False
            self.buffer = self.buffer[end + 2:]
            self.state = ('chunk', n) if n else 'trailers'
            return True
        if self.state == 'trailers':
            end = self.buffer.find(b'\r\n')
            if end < 0: return False
            line = self.buffer[:end]; self.buffer = self.buffer[end + 2:]
            if not line: return self.complete()
            self.part['head'] += line
            return True
        kind, n = self.state
        if kind == 'length':
            take = self.buffer[:n]; self.buffer = self.buffer[n:]
            self.part['body'] += take
            self.state = (kind, n - len(take))
            return self.complete() if n == len(take) else False
        if len(self.buffer) < n + 2: return False
        self.part['body'] += self.buffer[:n]
        if self.buffer[n:n + 2] != b'\r\n': self.broken = 'chunk end'; return False
        self.buffer = self.buffer[n + 2:]
        self.state = 'size'
        return True
    def complete(self):
        self.done.append(self.part); self.part = None; self.state = None
        return True
    def ended(self):
        if self.state == 'close' and self.part: self.part['untilclose'] = True; self.complete()


def check_answer(q, status, headers, head, body, port, where, untilclose=False):
    ex = q['ex']
    foreign = {x for x in EX.findall(head) + EX.findall(body) if x != ex}
    if foreign: fault('foreign-in-answer', ex, f'{where} {foreign} status {status} {q}')
    count[f'status {status}'] += 1
    if b'tollgate-refusal' in headers: count['refusal ' + headers[b'tollgate-refusal'].decode('latin1')] += 1; return
    plan = q['plan']
    if headers.get(b'x-up') != b'1' or changes_answer(q['route'], port): return
    if q['method'] == 'HEAD' or status in (204, 304): return
    expected = pattern(ex, plan['n'])
    dishonest = 'rst' in plan or 'fin' in plan or 'stall' in plan
    if body == expected or plan.get('extra') and body == expected + b'MORE': count['answer bodies right'] += 1
    elif plan['fr'] == 'close' and expected.startswith(body) and 'fin' in plan: count['close-delimited'] += 1
    else: fault('answer-body', ex, f'{where} status {status} got {len(body)} want {len(expected)} {body[:60]} untilclose={untilclose} {q} {headers}')


def changes_answer(route, port):
    return port == 'changed' or any('response: {' in x or 'conditional' in x or 'directResponse' in x for x in POLICIES.get(route, ['response: {']) ) or 'policies' in TEXTS.get(route, 'policies') and 'response: {' in TEXTS[route]

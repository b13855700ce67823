"""A configuration of many routes that mix all policies, drawn by a seed."""
import random

JWT = '{mode: %s, issuer: "https://i", audiences: [api], jwks: {file: ./rsa.jwks}%s}'
CLAIMS = ', claimsToHeaders: [{header: x-sub, claim: sub}, {header: x-groups, claim: groups}]'
REQ = [
    '{set: {x-user: "jwt.sub", x-len: "size(request.path)"}, remove: [x-gone]}',
    '{add: {x-add: "\'two\'"}, remove: [user-agent]}',
    '{body: "\'<\' + string(request.body) + \'>\'"}',
    '{body: "request.body", set: {x-size: "size(request.body)"}}',
    '{body: "toJson({\'n\': size(request.body)})", set: {content-type: "\'application/json\'"}}',
    '{set: {":path": "\'/zz?a=\' + string(size(request.path))", ":authority": "\'other.test\'"}}',
    '{set: {":method": "request.method == \'GET\' ? \'DELETE\' : \'PUT\'"}}',
    '{replace: "{\'x-only\': \'1\', \'x-ex\': request.headers[\'x-ex\'], \'x-plan\': request.headers[\'x-plan\']}"}',
    '{metadata: {m: "size(request.body)"}, set: {x-m: "metadata.m"}}',
    '{body: "request.headers[\'nope\']"}',
]
RES = [
    '{set: {x-r: "response.code"}, remove: [server, x-a]}',
    '{add: {x-r2: "request.method"}}',
    '{body: "\'[\' + string(response.body) + \']\'"}',
    '{body: "response.body", set: {x-n: "size(response.body)"}}',
    '{set: {":status": "response.code == 200 ? 201 : 500"}}',
    '{set: {":status": "204"}}',
    '{set: {":status": "304"}, body: "\'gone\'"}',
    '{replace: "{\'x-only\': \'r\'}"}',
    '{set: {x-len: "size(response.body)"}}',
    '{body: "response.headers[\'nope\']"}',
    '{metadata: {k: "response.code"}}',
]


def transformation(r):
    def one():
        parts = []
        if r.random() < .7: parts.append('request: ' + r.choice(REQ))
        if r.random() < .7 or not parts: parts.append('response: ' + r.choice(RES))
        return parts
    if r.random() < .75: return '{' + ', '.join(one()) + '}'
    return ("{conditional: [{condition: \"request.method == 'POST'\", %s}, {condition: \"size(request.path) > 4\", %s}, {%s}]}"
            % (', '.join(one()), ', '.join(one()), ', '.join(one())))


def backend_policies(r, port_kind):
    p = []
    if r.random() < .2: p.append('transformations: ' + transformation(r))
    if r.random() < .2: p.append('requestHeaderModifier: {set: {x-b: "1"}, remove: [x-gone]}')
    if r.random() < .2: p.append('responseHeaderModifier: {add: {x-rb: "1"}, remove: [server]}')
    if r.random() < .1: p.append('backendAuth: {key: "secret-of-backend"}')
    if port_kind.startswith('h2'): p.append('http: {version: HTTP/2.0}')
    if port_kind.endswith('tls'): p.append('backendTLS: {root: ./cert.pem, hostname: localhost}')
    return p


def route(r, name, ports):
    p = []
    def may(chance, text):
        if r.random() < chance: p.append(text)
    auth = r.random()
    if auth < .15: p.append('jwtAuth: ' + JWT % ('optional', CLAIMS))
    elif auth < .3: p.append('jwtAuth: ' + JWT % ('strict', CLAIMS if r.random() < .5 else ''))
    elif auth < .4: p.append('jwtAuth: ' + JWT % ('permissive', ''))
    elif auth < .46: p.append('apiKey: {mode: %s, location: {header: {name: x-key}}, keys: [{key: abc, metadata: {name: n}}]}' % r.choice(['strict', 'optional']))
    elif auth < .52: p.append('basicAuth: {mode: %s, htpasswd: {file: ./users}}' % r.choice(['strict', 'optional']))
    may(.12, 'authorization: {rules: [{deny: "size(request.body) == 7"}, {allow: "size(request.body) >= 0"}]}')
    may(.05, 'authorization: {rules: [{allow: "request.method != \'PATCH\'"}]}') if not any('authorization' in x for x in p) else None
    may(.2, 'requestHeaderModifier: {set: {x-set: v}, add: {x-add: w}, remove: [x-gone, x-b]}')
    may(.2, 'responseHeaderModifier: {set: {x-rset: v}, add: {x-radd: w}, remove: [server]}')
    may(.3, 'transformations: ' + transformation(r))
    may(.12, 'requestMirror: {backend: {host: "127.0.0.1:%d"}, percentage: 1}' % r.choice([ports['h1'], ports['h1'], ports['dead']]))
    may(.25, 'retry: {codes: [503, 500], attempts: %d%s, methods: [POST, PATCH]}' % (r.randint(1, 3), r.choice(['', ', backoff: 30ms'])))
    may(.12, 'timeout: {requestTimeout: %s, backendRequestTimeout: %s}' % (r.choice(['400ms', '2s']), r.choice(['200ms', '1s'])))
    may(.1, 'delay: {duration: "%s"}' % r.choice(['50ms', 'random() < 0.5 ? 30 : 0', '1ms']))
    may(.06, r.choice([
        'directResponse: {status: 200, body: hello}',
        'directResponse: {status: 201, bodyExpression: "request.method + string(size(request.path))", headers: {content-type: \'"text/plain"\'}}',
        'directResponse: {status: 204}',
        'directResponse: {conditional: [{condition: "request.method == \'POST\'", status: 200, bodyExpression: "request.method"}]}']))
    if not any('directResponse' in x for x in p):
        may(.04, 'requestRedirect: {path: {prefix: /moved}, status: 307}') 
    may(.15, r.choice(['urlRewrite: {path: {prefix: /rw}}', 'urlRewrite: {authority: auto, path: {full: /full}}', 'urlRewrite: {authority: {host: h.test}}'])) if not any('requestRedirect' in x for x in p) else None
    may(.1, 'cors: {allowOrigins: ["*"], allowMethods: ["*"], allowHeaders: ["*"]}')
    may(.06, 'localRateLimit: [{maxTokens: 5, tokensPerFill: 2, fillInterval: 100ms}]')
    may(.1, 'refusals: {style: %s}' % r.choice(['problem', 'openai', 'apisix']))
    may(.04, "refusals: {contentType: application/json, body: '{\"c\":\"{{code}}\",\"i\":\"{{requestId}}\"}'}") if not any('refusals' in x for x in p) else None
    may(.15, 'requestId: {trust: anyone}')
    kinds = ['h1'] * 5 + ['h2', 'h2', 'h1tls', 'h2tls', 'dead']
    backends = []
    for _ in range(r.choice([1, 1, 1, 2, 3])):
        kind = r.choice(kinds)
        if kind == 'dead' and not backends: kind = 'h1'
        bp = backend_policies(r, kind)
        backends.append('{host: "127.0.0.1:%d"%s}' % (ports[kind], ', policies: {' + ', '.join(bp) + '}' if bp else ''))
    body = '    - name: %s\n      matches: [{path: {pathPrefix: /%s}}]\n' % (name, name)
    if p: body += '      policies:\n' + ''.join('        %s\n' % x for x in p)
    return body + '      backends: [%s]\n' % ', '.join(backends), p


def write(seed, ports, routes, access_log):
    r = random.Random(seed)
    out = f'''config:
  statsAddr: 127.0.0.1:{ports['stats']}
  workerThreads: 2
  accessLog: {r.choice(['text', 'json'])}
  timeouts: {{head: 2s, idle: 3s, body: 2s, request: 2s, answer: 2s, stream: 2s, connect: 1s, drain: 3s}}
  limits: {{bodyBytes: 300000, bufferedBodyBytes: 65536, bufferedBytes: 4194304}}
'''
    if access_log: out += '''frontendPolicies:
  accessLog:
    filter: "response.code > 0 && size(request.path) > 1"
    add: {ua: "default(request.headers['user-agent'], 'none')", m: "default(metadata.m, 0)", b: "backend.name"}
'''
    names, info = [], {}
    out += 'binds:\n'
    for i, (key, tls) in enumerate([('plain', False), ('tls', True), ('changed', False)]):
        out += f"- port: {ports[key]}\n  listeners:\n  - name: l{i}\n"
        if tls: out += '    protocol: HTTPS\n    tls: {cert: ./cert.pem, key: ./key.pem}\n'
        if key == 'changed':
            out += '    policies:\n      transformations: ' + transformation(r) + '\n'
            if r.random() < .5: out += '      jwtAuth: ' + JWT % ('optional', CLAIMS) + '\n'
        out += '    routes:\n'
        same = random.Random(seed)
        for n in range(routes):
            text, p = route(same, f'r{n}', ports)
            out += text
            info[f'r{n}'] = p
    return out, info

internal import Bytes

extension APISIXDialect {
    /// Resources and plugins with their fields, as Markdown: made from what documents are checked against.
    package static var reference: String {
        var page = ReferencePage()
        page.add(introduction)
        page.add("## Resources")
        for kind in APISIXKind.allCases { page.add(fields: kind.schema, of: "`\(kind.collection)`", level: 3) }
        page.add("### Upstreams inside routes and services\n\nAs `upstreams`, under `upstream`.")
        page.add("## Plugins\n\n\(pluginIntroduction)")
        for plugin in APISIXPlugin.all {
            page.add("### `\(plugin.name)`")
            page.add(fields: plugin.schema, of: "On routes, services, plugin configs and global rules", level: 4)
            if let schema = plugin.consumerSchema {
                page.add(fields: schema, of: "On consumers and credentials", level: 4)
            }
        }
        page.add(extensions)
        page.add(notOffered)
        page.add(differences)
        page.add(missPage)
        return page.text
    }

    private static let introduction = """
        # The Admin API of API7 and Apache APISIX

        `tollgate run --data DIR` without a file serves this API and the traffic that it configures. The page is made by
        `make docs` from the tables that documents are checked against; what is not on it is refused by name.

        | | |
        |---|---|
        | traffic | `127.0.0.1:9080` (`--listen [group=]address`, which may be repeated) |
        | Admin API | `https://localhost:7443` (`--admin-listen`), or `http://127.0.0.1:9180` with `--admin-plain` |
        | metrics, keys, readiness | `127.0.0.1:15020` (`--control-listen`, which may be `unix:/path` or `off`) |
        | key | `X-API-KEY`, from `--admin-key-file`, `TOLLGATE_ADMIN_KEY`, `--admin-key`, or `DIR/admin-key` |
        | paths | `/apisix/admin/{collection}/{id}`, credentials under `/apisix/admin/consumers/{name}/credentials/{id}` |
        | gateway groups | `/api/gateway_groups/{id}` |

        A call with `gateway_group_id` is answered in the shapes of API7, any other in those of Apache APISIX: it is about
        the group `default`. `PUT` writes, `POST` writes under an id of its own (routes, services, upstreams, groups), `PATCH` merges an object, replaces
        the value at a path behind the id, or applies a list of operations (RFC 6902), `DELETE` refuses what others name
        unless `force=true`. Lists take `page` with `page_size`, `name`, `label`, `uri`, `service_id` and `filter`.
        `If-Match` with the `ETag` of an answer, or `If-None-Match: *`, makes a write conditional.
        `/apisix/admin/plugins/list`, `/apisix/admin/schema/plugins/{name}`, `/apisix/admin/schema/{kind}` and `POST
        /apisix/admin/schema/validate/{collection}` are there, too.
        `/apisix/admin/openapi.json` has all of it as OpenAPI 3.1 (`APISIX.openapi.json`).

        A write is answered when it is on the disk and every event loop serves it. What can't be served is refused before it
        is stored; a `503` that says at which revision a document is stored means that it is, and is served by the next
        start.

        `tollgate store --help`: `export` and `import` (secrets are masked unless `--with-secrets` asks for them; a mask that
        is written back leaves the secret as it was), `backup`, `history` (who changed what, when, from where) and
        `rollback` to one of the last 10,000 revisions. `import` and `rollback` need the gateway to be stopped. Who changed
        what is remembered for 100,000 revisions (`--keep-history`), and with `--keep-history-days` no longer than that; a
        write forgets what is older, a thousand revisions at most, and never the latest one.

        ## Gateway groups

        A group owns its routes, services, consumers and all other documents, and the addresses at which they are served.
        Nothing of one is there in another: the same ids may be in both, keys and tokens of one's consumers are worth nothing
        in the other, limits count apart, and so does what is known of upstreams. Keys that are fetched from one URL for one
        issuer in one way are fetched once for all groups that name them so: they are public, and the same for whoever asks.
        `default` is always there and listens
        on `127.0.0.1:9080`, unless `--listen` says otherwise.

        ```
        curl -k https://localhost:7443/api/gateway_groups/blue -X PUT -H "X-API-KEY: $API_KEY" \\
          -d '{"name": "blue", "listeners": ["127.0.0.1:9081"]}'
        curl -k "https://localhost:7443/apisix/admin/routes/1?gateway_group_id=blue" -X PUT -H "X-API-KEY: $API_KEY" \\
          -d '{"uri": "/anything", "upstream": {"nodes": {"httpbin.org:80": 1}}}'
        ```

        `listeners` is ours: with API7 gateways join a group, here its addresses are written, or `--listen blue=ADDRESS` adds
        them. They are opened and closed as the group is written; one that another group or process has is refused. At a
        start a group does without one that somebody else has: the log says so as an error, `/healthz/ready` answers 503,
        and the address is opened once it is free. One that `--listen` names ends the start. `POST` makes an id, a UUID. A group that holds documents is deleted with `force=true` only, and they with it.

        A key of one group alone is a line of `name admin|viewer key group`: it needs no `gateway_group_id`, gets API7's shapes,
        and `403` for any other group and for the groups themselves.

        ## Keys and storage

        Keys are lines of `name admin|viewer key`, with a gateway group behind them or without. A viewer reads, and sees no
        secrets; `--mask-secrets` hides them from
        admins, too. `--store-key-file` names a file with 32 bytes or more (`openssl rand -hex 32`) outside the folder, by
        which stored documents are encrypted; one that was stored before is encrypted when it is written the next time.

        Twenty wrong keys lock their address out for a minute. A key of 32 characters or more, eight of them different,
        as `openssl rand -hex 16` makes them, passes all the same, so that nobody at the same address can lock out who has
        one. Of others a warning tells at the start: use none.

        Secrets in documents are those that credentials prove themselves with, private keys in PEM, passwords in URLs
        (`//user:password@host`), values of `Cookie` and `Set-Cookie` in `headers` and
        `response_headers`, and whatever has a name that ends as secrets' names do, at any depth and whether this version knows the member or not:
        \(SecretName.endings.map { "`\($0)`" }.joined(separator: ", ")), also in the plural, with `_` or `-` between words
        (`client_secret` and `session.secret` of `openid-connect`, `redis_password`, an `Authorization` that `proxy-rewrite`
        sets, or stands in a list as `Authorization: value`). A switch of such a name is none. A mask that is written where
        the stored document has a secret means that one; elsewhere it is refused where a secret belongs. Of who is shown masks a JSON Patch is refused that would
        `copy` or `move` a secret to where it is shown, or `test` one. Private keys that nothing reads, as the `private_key` that `jwt-auth` had, are
        not stored at all, and a warning names them: tokens are verified, and none is signed.

        A stored document that this version can't serve, because one before it took more, is named in the log at every
        start. Routes that depend on it answer `500`, consumers and credentials among it prove nobody; the rest is served.
        Write the document anew.
        """

    private static let pluginIntroduction = """
        Of each name the most specific one holds, whole: route, then plugin config, then service; global rules run for
        every request before its route is chosen. `_meta.disable` switches a plugin off; the other members of `_meta` are
        not offered. Members that no schema has are kept, do nothing, and are warned about in the log.
        """

    private static let extensions = """
        ## References to secrets

        The `secret` of `jwt-auth`, the `key` of `key-auth`, the `password` of `basic-auth` and the `secret_key` of `hmac-auth` may refer to a secret:

        - `$env://TOLLGATE_SECRET_NAME`: a variable of the gateway, whose name has to begin so; with `/member` behind it, a
          text in the JSON object that the variable holds;
        - `$secret://path/to/it`: a file below the folder of `--secrets-dir`, without the line end behind its text. Names in
          the path are of letters, digits, `-`, `_` and `.`, and do not begin with a dot.

        They are read at start and whenever a document is written. By one that leads nowhere nobody proves who it is, and
        the log says so. No secret manager is asked: `secrets/vault/{id}` is kept for clients that write it, and
        `$secret://vault/{id}/...` is a file like any other.

        ## Keys of identity providers

        A credential of `jwt-auth` may name, in the place of `secret` and `public_key`, a set of public keys:

        - `jwks`: the set itself, as an object or as text;
        - `jwks_uri`: where it is fetched from;
        - `discovery`: the URL of the issuer's metadata, which says where the keys are. Its `issuer` has to be what stands
          before `/.well-known/openid-configuration` in the URL, or the credential's `issuer` where it does not end so.

        `algorithm` is then what one of these keys is for, unless it is written; `typ` has to be absent, `JWT` or `at+jwt`.
        `issuer` is what the token's `iss` has to be (with `discovery`, that of the metadata unless it is written), `audiences`
        those of which one has to be in its `aud`; both go with `secret` and `public_key`, too. Which consumer a token is of is
        still said by the claim `key_claim_name`: with an identity provider, `azp`, `client_id` or `sub` as a rule.

        `openid-connect` verifies bearer tokens by `discovery` and `use_jwks`, or by a `public_key`, and tells the upstream what
        they say: no consumer is needed. `X-Userinfo` has the claims (3 KiB at most, else the token is refused).
        Its fields about flows with a browser are kept and say nothing.

        Keys are fetched off the requests' way and kept below `DIR`, so that a restart serves while the provider is away. A
        token with an unknown `kid` has them fetched anew, every ten seconds at most. `http` is taken, with a warning.

        ## Signed requests

        `hmac-auth` takes `Authorization: Signature keyId="…",algorithm="hmac-sha256",headers="@request-target date",signature="…"`.
        What is signed with the `secret_key` are lines that each end in a line feed: `keyId`, then one for each name in
        `headers`, in that order; of `@request-target` the method, a blank and the target as the request line has them, before
        anything is decoded or rewritten; of a header `name: value`, the name as `headers` spells it, the value without the
        blanks around it. `signature` is the base64 of the whole code. Where a route does not say otherwise, `signed_headers`
        are `date` alone, and `allowed_algorithms` all three.

        Stricter than APISIX, which leaves a header out of the text that is not there, and takes the last of two parameters:
        `headers` has to name something; each header in it has to be there once (a second line that
        only has `_` for `-` counts, and one that `Connection` names does not), and each name to stand there once, with
        one blank between two; `Authorization`, `Date` and `Digest` stand in the request once; `Date` is an IMF-fixdate
        (`Sun, 06 Nov 1994 08:49:37 GMT`); parameters are in quotes and there once, `created` and `expires` are refused, as
        nobody would look at them, others say nothing. `signed_headers` are compared without regard to case.
        A `key_id` that nobody has takes as long as a wrong signature.

        As weak as APISIX, unless `signed_headers` say more: a client may sign its `Date` alone, and whoever sees that
        signature can send it with any method, path and body for `clock_skew` seconds, so list `@request-target`; without
        `date` for ever, and with `validate_request_body` but without `digest` with another body, of which the log warns.
        A request that was seen can be sent again within `clock_skew`: no signature is remembered. `hmac-sha1` is taken
        unless `allowed_algorithms` leave it out.

        With `validate_request_body` the whole body is held until it has been compared with `Digest: SHA-256=…`, once all
        else holds: longer than `max_req_body_size` it is refused (413, or the anonymous consumer's), and so is one of more
        than 2 MiB, whatever that says.
        """

    private static var notOffered: String {
        let names = APISIXPlugin.known.sorted().map { "`\($0)`" }.joined(separator: ", ")
        return """
            ## Not offered yet

            Collections: `ssls`, `protos`, `stream_routes`, `plugin_metadata`, `configs`. On consumers and
            consumer groups: `openid-connect`. Each is refused by
            name, and so are these plugins: \(names).
            """
    }

    private static let differences = """
        ## Differences

        - **The key** is taken from the header alone, never from the query or a cookie; twenty wrong ones lock an address
          out for a minute. The API answers to its own name and to addresses (421 otherwise) and allows no cross-origin use.
        - **Answers to writes** show what was written, never a ciphertext.
        - **Paths** are matched in their canonical form, which is also what is forwarded; an encoded slash, dot segment,
          backslash or control character is refused (Docs/CanonicalRequest.md). A parameter (`:name`) in a path is taken as it is written.
        - **`vars`** read `uri`, `args`, `arg_*`, `http_*`, `cookie_*`, `host`, `scheme`, `request_method`, `request_uri`,
          `remote_addr`, `remote_port`, `server_addr`, `server_port`, `server_protocol`, `content_type`, `content_length`,
          `consumer_name`, `route_id`, `route_name`, `service_id`, `service_name`, and of bodies `post_arg_*` (forms) and
          `post_arg.*` (paths into JSON and forms, with `[0]` and `[*]`). Any other name is a variable that no request has.
          `uri` is the canonical path, still percent-encoded. Patterns are RE2's, without look-around. A request waits for
          its body where a route whose host, path and method fit asks for it; multipart bodies are not read.
        - **Balancing**: `chash` sends a key to the same node in every gateway, though not to the one that APISIX would; a
          node that comes or goes moves its own keys alone. `least_conn` counts for each event loop by itself. A lower
          `priority` is asked once all nodes above have failed the request, or are out of service. `ewma` compares the times
          to the first byte of answers, of all event loops together. By any other `type`, and by a `scheme` of streams
          (`tcp`, `tls`, `udp`, `kafka`), an upstream may be written: its requests are answered 503, and the log says so.
        - **`checks`** are those of a resource, whichever routes lead to it: what is known of a node outlives each write that
          changes neither the node's address nor `checks`, and is forgotten with a write that does. One event loop asks
          the nodes, on connections of their own, first within half a second of the write: 256 at a time at most, and of
          an upstream `concurrency`. A node of weight 0 is not asked. `interval` is kept to within a sixteenth; a node that
          is out of service is asked at the interval of `unhealthy`. `http_path` is a path with a query, without blanks;
          `req_headers` name none of `Host`, `Content-Length`, `Transfer-Encoding`, `Connection`, `Expect` and `Upgrade`.
          `host` is the name that a certificate has to be for, too; without one it is the node's. `passive` counts each
          attempt of a request: its status, connections that fail or break off before an answer, and waits longer than
          `timeout`. Statuses that the gateway makes itself count for nothing. How nodes are is in the log as it changes, at
          `/v1/healthcheck` and `/metrics` (`tollgate_upstream_endpoint_healthy`) on `127.0.0.1:15020`.
        - **`retries`** are one less than the nodes at most; where `pass_host` is `node`, the same node is asked again.
        - **`timeout`**: `read` bounds the wait for an answer and between its pieces, `connect` is whole seconds, `send` says
          nothing beside `read`.
        - **TLS** to upstreams verifies nothing unless `tls.verify` says so, with a warning. They are shown no certificate.
        - **Variables** in `proxy-rewrite`, `redirect` and other plugins are those of `vars`, but for bodies. What they bring
          into a path or `Location` is percent-encoded where it cannot stand there, as a backslash that is written there
          is (`%5C`), and a path with dot segments is refused, so that `encode_uri` changes nothing. `proxy-rewrite` leaves HEAD what it is, sends a request of another
          method once, and never sets headers that frame a message; `Host` among its `headers` is as `host`, and fixed.
        - **Order**: `redirect` comes behind `ip-restriction` and `consumer-restriction`. Plugins of global rules that change
          requests hold on all routes, a route's own after them.
        - **`cors`** says `Vary: Origin` to other origins, too, where some are listed, and wherever patterns choose them.
        - **`response-rewrite`** knows of answers `$status`, `$upstream_status`, `$sent_http_*` and `$upstream_http_*`. Its
          `vars` are about what the backend answers, and about the request but for its body. Patterns of `filters` are
          RE2's, without look-around, back-references and the options `a` and `x`; a `$` in `replace` that is followed by
          no group is refused. Nothing is decompressed: the backend is asked for `Accept-Encoding: identity`, and for the
          whole (no `Range`), and one that compresses all the same is answered 502 (`answer_encoded`). An answer is held
          until it is whole, streams of events, too; where it is longer than `max_resp_body_size` or 2 MiB, or would
          become so, or takes patterns too long, it is answered 502 (`answer_exceeds_buffer`), not cut. All filters of an
          answer look at 16 MiB together, fewer where their patterns find much. Messages of gRPC are not searched, nor
          are refusals of the gateway, those that filters cause among them.
        - **`limit-count`** tells 65,536 keys apart. When more are in their windows, a new one takes the place of one whose
          count is low, and both begin anew then: nobody is refused for what others did, but whoever can invent more
          keys than that is not held up. Limit by what clients can't invent. Of `rules`, none has the `header_prefix`
          of another one (without one, it is the rule's number). It counts in one process; limits of one document
          (`group`: of one group) count together. A refusal without `rejected_msg` has a line of JSON as its body, not an
          HTML page. `count` is 16,777,215 at most; what
          variables bring above that counts as that. A request of which a variable is no number above zero is answered
          500 (`rate_limit_unknown`), and so is one that no rule is about, unless `allow_degradation` is on. What one rule
          refuses takes nothing of the others. Windows do not slide.
        - **Plugins of consumers** take the place of a route's by what they do: rewriting, answering, limiting; who may pass
          is asked beside the route's: with `consumer-restriction` on both, a request has to pass both. A consumer's own list
          takes the place of its group's. `cors` and `request-id` begin once it is known whose a request is: what is refused
          before, and preflights without credentials, are the route's.
        - **`mocking`** makes of a `response_schema` always the same answer, in JSON alone, and calls itself `Tollgate` in
          `x-mock-by`.
        - **`request-id`** takes over what a client sends if it is 128 letters, digits and `-_.:/+=@~` at most. An answer
          has the request's ID, also where the backend writes another one into that header.
        - **A host** of `*.a.com` stands for names of any depth; `*a.com` is refused.
        - **Keys**: RSA keys below 1024 bits do not work: their tokens are refused, and the log says so. Other weak keys
          work and are warned about. Ed448 is not offered.
        - **A public key** that can't be read is stored, and its tokens are refused; the log says so. Of a private key, in
          PEM or in a JWK of `public_key` or `jwks`, only the public half is kept, and shown by every answer from the first
          on, with a warning in the log; one that can't be read is refused. A shared secret (`oct`) in `jwks`, which nobody
          uses, is not kept either. A store of an earlier version may hold whole ones: `tollgate store export
          --with-secrets -o FILE` and `tollgate store import FILE` write those documents anew; the first write after that with
          `--keep-history 1` forgets what they were.
        - **Repeated query parameters** with a token, and repeated cookies, are refused as `JWT token invalid`.
        - **Identity headers** (`X-Consumer-Username`, `X-Credential-Identifier`, `X-Consumer-Custom-ID`) of a client are
          dropped on all routes as soon as there is a consumer, and in trailers; an underscore counts as a hyphen.
        - **`store_in_ctx`** changes nothing: the claims of a verified token are there for rules in any case.
        - **`enable_websocket`** changes nothing: an upgrade that a client asks for is passed on.
        - **Claims**: `iss`, `sub`, `aud`, `jti` and `iat` may be anything, as with theirs, but for those that the credential
          asks for: with `issuer` or `discovery` the `iss`, with `audiences` the `aud`. `sub` is in the log only where it is
          text.
        - **`exp`** of a credential changes nothing, as with theirs: it was about signing.
        - **`openid-connect`** asks for `exp`, and with `match_with_client_id` for an audience that is there. `pass` as its
          `unauth_action` lets everybody through, without their token and the headers of another one. Two tokens in one
          request are refused. `X-Userinfo` and `X-Access-Token` of a client are dropped on all routes where a route has them.
        - **A service, plugin config or upstream deleted by force** leaves its routes closed: 404, 503 and 502.
          A consumer group leaves its consumers refused: 503 `consumer_group_missing`, also the one that a route takes strangers
          for (`anonymous_consumer`).
        - **`ttl`** is refused: nothing is deleted by itself.
        - **Refusals** carry `Tollgate-Refusal` with a code (Docs/Refusals.md); their status and body are APISIX's.
        - **Forwarding headers** are Tollgate's own: `X-Forwarded-For`, `-Proto`, `-Host`, and `X-Real-IP`. One that
          `proxy-rewrite` sets is sent as it is written, with nothing behind it.
        - **No node can be reached**: 502, 503 or 504 with a line of JSON, not an HTML page.
        """
}

/// A page of tables.
private struct ReferencePage {
    private(set) var text = ""

    mutating func add(_ block: String) {
        if !text.isEmpty { text += "\n" }
        text += block + "\n"
    }

    mutating func add(fields schema: APISIXSchema, of title: String, level: Int) {
        let rows = schema.rows(under: "")
        let heading = String(repeating: "#", count: level) + " " + title
        guard !rows.isEmpty else { return add("\(heading)\n\nNo fields.") }
        let table = rows.map { "| `\($0.name)` | \($0.shape) |" }.joined(separator: "\n")
        add("\(heading)\n\n| field | |\n|---|---|\n\(table)")
    }
}

extension APISIXSchema {
    fileprivate typealias Row = (name: String, shape: String)

    /// Fields of an object, those of objects within behind theirs.
    fileprivate func rows(under prefix: String) -> [Row] {
        guard case .object(let object) = itself else { return [] }
        return object.fields.flatMap { field -> [Row] in
            let name = prefix + field.name
            let required = object.required.contains(field.name) ? "required; " : ""
            if field.name == "upstream" { return [(name, "\(required)as `upstreams`")] }
            return [(name, required + field.schema.words)] + field.schema.rows(under: "\(name).")
        }
    }

    /// Behind a list, its items.
    private var itself: APISIXSchema {
        switch self {
        case .array(let item, _, _, _, _): item.itself
        case .either(let choices), .one(let choices): choices.last?.itself ?? self
        default: self
        }
    }

    private var words: String {
        switch self {
        case .string(let text): text.words
        case .integer(let min, let max, let fallback):
            "integer" + Self.range(min, max) + (fallback.map { ", default \($0)" } ?? "")
        case .flag(let fallback): "1 or 0" + (fallback.map { ", default \($0)" } ?? "")
        case .number(let moreThan, let min):
            "number" + (moreThan.map { " above \(Int($0))" } ?? "") + (min.map { " from \(Int($0))" } ?? "")
        case .boolean(let fallback): "boolean" + (fallback.map { ", default `\($0)`" } ?? "")
        case .array(let item, let minItems, let maxItems, let isUnique, _):
            "list of: \(item.words)" + (minItems > 0 && maxItems == nil ? "; \(minItems) or more" : "")
                + (maxItems.map { "; \(minItems) to \($0)" } ?? "") + (isUnique ? "; each once" : "")
        case .object(let object):
            if case .all(let schema) = object.others { "object of any names, each: \(schema.words)" } else { "object" }
        case .either(let schemas), .one(let schemas): schemas.map(\.words).joined(separator: ", or ")
        case .anything: "anything"
        case .plugins: "object of plugins by name"
        case .notOffered(let hint): "*not offered*: \(hint)"
        case .ours(let schema): "*ours*; \(schema.words)"
        }
    }

    private static func range(_ min: Int?, _ max: Int?) -> String {
        switch (min, max) {
        case (let min?, let max?): " \(min) to \(max)"
        case (let min?, nil): " from \(min)"
        case (nil, let max?): " up to \(max)"
        case (nil, nil): ""
        }
    }
}

extension APISIXSchema.Text {
    fileprivate var words: String {
        let choices = offered.isEmpty ? choices : offered
        var words = choices.isEmpty ? "string" : choices.map { "`\($0)`" }.joined(separator: ", ")
        switch (minLength, maxLength) {
        case (let min?, let max?): words += " of \(min) to \(max) characters"
        case (let min?, nil): words += min == 1 ? ", not empty" : " of \(min) characters or more"
        case (nil, let max?): words += " of up to \(max) characters"
        case (nil, nil): break
        }
        if let pattern { words += ", `\(pattern.text.replacing("|", with: "\\|"))`" }
        if let fallback { words += choices.isEmpty ? ", default `\(fallback)`" : " (default `\(fallback)`)" }
        return words
    }
}

-- JWT verification for nginx: libcrypto through LuaJIT's FFI, and a table of the tokens seen, one per worker.
local ffi = require("ffi")
local json = require("cjson.safe")
require("resty.core.base") -- declares ngx_str_t
local ngx, find, sub, type = ngx, string.find, string.sub, type
local cast, copy_of = ffi.cast, ffi.string
local C = ffi.C

ffi.cdef [[
typedef struct evp_pkey_st EVP_PKEY;
typedef struct evp_md_st EVP_MD;
typedef struct evp_md_ctx_st EVP_MD_CTX;
typedef struct evp_mac_st EVP_MAC;
typedef struct evp_mac_ctx_st EVP_MAC_CTX;
typedef struct { const char *key; unsigned int type; void *data; size_t size; size_t return_size; } OSSL_PARAM;
typedef struct bio_st BIO;
BIO *BIO_new_mem_buf(const void *bytes, int length);
int BIO_free(BIO *bio);
EVP_PKEY *PEM_read_bio_PUBKEY(BIO *bio, EVP_PKEY **key, void *callback, void *argument);
EVP_MD *EVP_MD_fetch(void *library, const char *name, const char *properties);
EVP_MD_CTX *EVP_MD_CTX_new(void);
int EVP_DigestVerifyInit(EVP_MD_CTX *context, void **pctx, const EVP_MD *digest, void *engine, EVP_PKEY *key);
int EVP_DigestVerify(EVP_MD_CTX *context, const unsigned char *signature, size_t signature_length,
                     const unsigned char *bytes, size_t length);
EVP_MAC *EVP_MAC_fetch(void *library, const char *name, const char *properties);
EVP_MAC_CTX *EVP_MAC_CTX_new(EVP_MAC *mac);
int EVP_MAC_init(EVP_MAC_CTX *context, const unsigned char *key, size_t length, const OSSL_PARAM *parameters);
int EVP_MAC_update(EVP_MAC_CTX *context, const unsigned char *bytes, size_t length);
int EVP_MAC_final(EVP_MAC_CTX *context, unsigned char *out, size_t *length, size_t size);
OSSL_PARAM OSSL_PARAM_construct_utf8_string(const char *key, char *text, size_t size);
OSSL_PARAM OSSL_PARAM_construct_end(void);
int CRYPTO_memcmp(const void *one, const void *other, size_t length);
void ERR_clear_error(void);
intptr_t ngx_decode_base64url(ngx_str_t *decoded, ngx_str_t *encoded);
]]

-- Of the last tokens at least this many are held, at most twice as many.
local GENERATION = 10000
local BEARER = "Bearer "
-- Of an encoded part; a head this large does not get here.
local MAXIMUM_LENGTH = 32768

local settings
-- bytes, length, decoded signature, its length → whether it is the signature; made for the algorithm by `configure`.
local matches
-- The whole header field → the token's exp, or where claims are needed later a table of exp and these. Found in `old`, an entry moves to `young`.
local young, old, young_count = {}, {}, 0
-- Encoded JOSE header → true. A handful exist, as they repeat for every token of a key.
local headers, header_count = {}, 0

-- What is decoded stays out of Lua's string table, as far as cjson lets it. LuaJIT hashes a few bytes of a long
-- string: parts of tokens of equal length that differ elsewhere collide, in some processes enough to double the CPU.
local encoded, decoded = ffi.new("ngx_str_t[1]"), ffi.new("ngx_str_t[1]")
local buffer = ffi.new("unsigned char[?]", MAXIMUM_LENGTH)

local M = {}

local function read(path)
    local file = assert(io.open(path, "rb"))
    local content = file:read("*a")
    file:close()
    return content
end

local function read_public_key(path)
    local pem = read(path)
    local bio = C.BIO_new_mem_buf(pem, #pem)
    local result = C.PEM_read_bio_PUBKEY(bio, nil, nil, nil)
    C.BIO_free(bio)
    assert(result ~= nil, "no public key in " .. path)
    return result
end

-- A check by an EVP_PKEY. `encode` turns a JOSE signature into libcrypto's form, where that is another one.
local function public_key_check(digest_name, is_kept, encode)
    return function(path)
        local key = read_public_key(path)
        local digest = digest_name and C.EVP_MD_fetch(nil, digest_name, nil)
        local context = C.EVP_MD_CTX_new()
        assert(C.EVP_DigestVerifyInit(context, nil, digest, nil, key) == 1, "the key does not fit the algorithm")
        -- Without a digest and a key this resets the context and keeps both: 4 % less CPU than a full start.
        local again = is_kept and key or nil
        return function(bytes, length, signature, size)
            if C.EVP_DigestVerifyInit(context, nil, nil, nil, again) ~= 1 then return false end
            if encode then signature, size = encode(signature, size) end
            return signature and C.EVP_DigestVerify(context, signature, size, bytes, length) == 1
        end
    end
end

-- r and s, 32 bytes each, as DER: two INTEGERs without leading zeros, with one where the first bit is set.
local der = ffi.new("unsigned char[72]")

local function append_integer(offset, source)
    local first = 0
    while first < 31 and source[first] == 0 do first = first + 1 end
    local padding = source[first] >= 128 and 1 or 0
    der[offset], der[offset + 1], der[offset + 2] = 0x02, 32 - first + padding, 0
    ffi.copy(der + offset + 2 + padding, source + first, 32 - first)
    return offset + 2 + padding + 32 - first
end

local function ecdsa_signature(signature, size)
    if size ~= 64 then return nil end
    local last = append_integer(append_integer(2, signature), signature + 32)
    der[0], der[1] = 0x30, last - 2
    return der, last
end

local function hmac_check(path)
    local secret = read(path)
    local context = C.EVP_MAC_CTX_new(C.EVP_MAC_fetch(nil, "HMAC", nil))
    local name = ffi.new("char[7]", "SHA256")
    local parameters = ffi.new("OSSL_PARAM[2]")
    parameters[0] = C.OSSL_PARAM_construct_utf8_string("digest", name, 0)
    parameters[1] = C.OSSL_PARAM_construct_end()
    assert(C.EVP_MAC_init(context, secret, #secret, parameters) == 1)
    local code, written = ffi.new("unsigned char[32]"), ffi.new("size_t[1]")
    return function(bytes, length, signature, size)
        return size == 32
            and C.EVP_MAC_init(context, nil, 0, nil) == 1
            and C.EVP_MAC_update(context, bytes, length) == 1
            and C.EVP_MAC_final(context, code, written, 32) == 1
            and C.CRYPTO_memcmp(code, signature, 32) == 0
    end
end

-- JOSE's name of an algorithm → path of a key → check.
local CHECKS = {
    RS256 = public_key_check("SHA256"),
    ES256 = public_key_check("SHA256", false, ecdsa_signature),
    -- Ed25519 does not start again without its key.
    EdDSA = public_key_check(nil, true),
    HS256 = hmac_check,
}

function M.configure(given)
    settings = given
    matches = assert(CHECKS[given.algorithm])(given.key)
end

-- Decodes base64url into `buffer`; the number of bytes, nil if it is none.
local function decode(start, length)
    if length > MAXIMUM_LENGTH then return nil end
    encoded[0].data, encoded[0].len = start, length
    decoded[0].data = buffer
    if C.ngx_decode_base64url(decoded, encoded) ~= 0 then return nil end
    return tonumber(decoded[0].len)
end

local function decode_json(start, length)
    local size = decode(start, length)
    return size and json.decode(copy_of(buffer, size))
end

local function is_signed(bytes, length, signature, signature_length)
    local size = decode(signature, signature_length)
    if size and matches(bytes, length, buffer, size) then return true end
    C.ERR_clear_error()
    return false
end

local function is_header_accepted(text, start, length)
    if headers[text] then return true end
    local header = decode_json(start, length)
    if type(header) ~= "table" or header.alg ~= settings.algorithm or header.crit ~= nil then return false end
    if header_count == 100 then headers, header_count = {}, 0 end
    headers[text] = true
    header_count = header_count + 1
    return true
end

local function has_audience(audience)
    if type(audience) ~= "table" then return audience == settings.audience end
    for index = 1, #audience do
        if audience[index] == settings.audience then return true end
    end
    return false
end

-- What is kept of a header field whose token has the right signature, iss and aud, else nil.
local function verify(authorization)
    local first = find(authorization, ".", #BEARER + 1, true)
    local second = first and find(authorization, ".", first + 1, true)
    if not second then return nil end
    -- Positions in `authorization` count from 1, offsets of `token` from 0.
    local token = cast("const unsigned char *", authorization) + #BEARER
    local header_length, signed_length = first - 1 - #BEARER, second - 1 - #BEARER
    if not is_header_accepted(sub(authorization, #BEARER + 1, first - 1), token, header_length)
        or not is_signed(token, signed_length, token + signed_length + 1, #authorization - second) then
        return nil
    end
    local claims = decode_json(token + header_length + 1, signed_length - header_length - 1)
    if type(claims) ~= "table" or claims.iss ~= settings.issuer or not has_audience(claims.aud)
        or type(claims.exp) ~= "number" then
        return nil
    end
    if not settings.tenant then return claims.exp end
    return { exp = claims.exp, sub = claims.sub, tenant = claims.tenant, email = claims.email }
end

local function remember(authorization, entry)
    if young_count == GENERATION then
        old, young, young_count = young, {}, 0
    end
    young[authorization] = entry
    young_count = young_count + 1
end

local function entry_of(authorization)
    local entry = old[authorization]
    if not entry and sub(authorization, 1, #BEARER) == BEARER then
        entry = verify(authorization)
    end
    if entry then remember(authorization, entry) end
    return entry
end

local function found()
    local authorization = ngx.var.http_authorization
    return authorization and (young[authorization] or entry_of(authorization))
end

local function refuse()
    ngx.header["WWW-Authenticate"] = "Bearer"
    return ngx.exit(401)
end

function M.check()
    local expiry = found()
    if expiry and expiry > ngx.time() then return end
    return refuse()
end

-- The same, then a rule over method and claim, then claims as headers.
function M.check_rule()
    local claims = found()
    if not claims or claims.exp <= ngx.time() then return refuse() end
    if ngx.req.get_method() ~= "GET" or claims.tenant ~= settings.tenant then return ngx.exit(403) end
    if settings.forwards_claims then
        local var = ngx.var
        var.claim_user, var.claim_tenant, var.claim_email = claims.sub, claims.tenant, claims.email
    end
end

return M

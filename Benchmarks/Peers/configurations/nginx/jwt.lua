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
typedef struct bio_st BIO;
BIO *BIO_new_mem_buf(const void *bytes, int length);
int BIO_free(BIO *bio);
EVP_PKEY *PEM_read_bio_PUBKEY(BIO *bio, EVP_PKEY **key, void *callback, void *argument);
EVP_MD *EVP_MD_fetch(void *library, const char *name, const char *properties);
EVP_MD_CTX *EVP_MD_CTX_new(void);
int EVP_DigestVerifyInit(EVP_MD_CTX *context, void **pctx, const EVP_MD *digest, void *engine, EVP_PKEY *key);
int EVP_DigestVerify(EVP_MD_CTX *context, const unsigned char *signature, size_t signature_length,
                     const unsigned char *bytes, size_t length);
void ERR_clear_error(void);
intptr_t ngx_decode_base64url(ngx_str_t *decoded, ngx_str_t *encoded);
]]

-- JOSE's name of an algorithm → the digest of libcrypto.
local DIGESTS = { RS256 = "SHA256" }
-- Two generations of this many tokens: at most twice as many are held, at least this many of the last.
local GENERATION = 10000
local BEARER = "Bearer "
-- Of an encoded part; a head this large does not get here.
local MAXIMUM_LENGTH = 32768

local settings, context
-- The whole header field → the token's exp. Found in `old`, an entry moves to `young`.
local young, old, young_count = {}, {}, 0
-- Encoded JOSE header → true. A handful exist, as they repeat for every token of a key.
local headers, header_count = {}, 0

-- What is decoded stays out of Lua's string table, as far as cjson lets it. LuaJIT hashes a few bytes of a long
-- string: parts of tokens of equal length that differ elsewhere collide, in some processes enough to double the CPU.
local encoded, decoded = ffi.new("ngx_str_t[1]"), ffi.new("ngx_str_t[1]")
local buffer = ffi.new("unsigned char[?]", MAXIMUM_LENGTH)

local M = {}

local function read_public_key(path)
    local file = assert(io.open(path, "rb"))
    local pem = file:read("*a")
    file:close()
    local bio = C.BIO_new_mem_buf(pem, #pem)
    local result = C.PEM_read_bio_PUBKEY(bio, nil, nil, nil)
    C.BIO_free(bio)
    assert(result ~= nil, "no public key in " .. path)
    return result
end

function M.configure(given)
    settings = given
    local key = read_public_key(given.key)
    local digest = C.EVP_MD_fetch(nil, assert(DIGESTS[given.algorithm]), nil)
    context = C.EVP_MD_CTX_new()
    assert(C.EVP_DigestVerifyInit(context, nil, digest, nil, key) == 1, "the key does not fit the algorithm")
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
    -- Without a digest and a key this resets the context and keeps both: 4 % less CPU than a full start.
    if not size or C.EVP_DigestVerifyInit(context, nil, nil, nil, nil) ~= 1 then return false end
    if C.EVP_DigestVerify(context, buffer, size, bytes, length) == 1 then return true end
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

-- The exp of a header field whose token has the right signature, iss and aud, else nil.
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
    if type(claims) ~= "table" or claims.iss ~= settings.issuer or not has_audience(claims.aud) then return nil end
    return type(claims.exp) == "number" and claims.exp or nil
end

local function remember(authorization, expiry)
    if young_count == GENERATION then
        old, young, young_count = young, {}, 0
    end
    young[authorization] = expiry
    young_count = young_count + 1
end

local function expiry_of(authorization)
    local expiry = old[authorization]
    if not expiry and sub(authorization, 1, #BEARER) == BEARER then
        expiry = verify(authorization)
    end
    if expiry then remember(authorization, expiry) end
    return expiry
end

function M.check()
    local authorization = ngx.var.http_authorization
    if authorization then
        local expiry = young[authorization] or expiry_of(authorization)
        if expiry and expiry > ngx.time() then return end
    end
    ngx.header["WWW-Authenticate"] = "Bearer"
    return ngx.exit(401)
end

return M

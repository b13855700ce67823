-- Sends the tokens of a file: wrk … URL -- FILE COUNT loop|once PATHS
-- loop: the first COUNT tokens in rotation until wrk's time is over.
-- once: each of the first COUNT tokens exactly once, then wrk ends.
-- PATHS is a file, one path a line; the paths are asked for in rotation, too.
local ffi = require("ffi")
ffi.cdef("int kill(int, int); int getpid(void);")
local SIGINT = 2

local requests, count, next_request, ends = {}, 0, 0, false

local function lines_of(path, wanted)
    local lines = {}
    for line in io.lines(path) do
        lines[#lines + 1] = line
        if #lines == wanted then break end
    end
    return lines
end

function init(arguments)
    local wanted = tonumber(arguments[2])
    ends = arguments[3] == "once"
    local tokens, paths = lines_of(arguments[1], wanted), lines_of(arguments[4])
    if #tokens ~= wanted then error("the token file holds fewer tokens than asked for") end
    count = math.max(#tokens, #paths)
    for n = 0, count - 1 do
        local headers = { ["Authorization"] = "Bearer " .. tokens[n % #tokens + 1] }
        requests[n + 1] = wrk.format("GET", paths[n % #paths + 1], headers)
    end
end

function request()
    if next_request == count then
        next_request = 0
        if ends then
            ends = false
            wrk.thread:stop()
            -- wrk's main thread sleeps out its time unless a signal wakes it; it still reports.
            ffi.C.kill(ffi.C.getpid(), SIGINT)
        end
    end
    next_request = next_request + 1
    return requests[next_request]
end

function done(summary)
    local errors = summary.errors
    io.write(string.format(
        '\nRESULT {"requests": %d, "microseconds": %d, "status": %d, "connect": %d, "read": %d, "write": %d, "timeout": %d}\n',
        summary.requests, summary.duration, errors.status, errors.connect, errors.read, errors.write, errors.timeout))
end

-- Sends the tokens of a file: wrk … URL -- FILE COUNT loop|once
-- loop: the first COUNT tokens in rotation until wrk's time is over.
-- once: each of the first COUNT tokens exactly once, then wrk ends.
local ffi = require("ffi")
ffi.cdef("int kill(int, int); int getpid(void);")
local SIGINT = 2

local requests, count, next_request, ends = {}, 0, 0, false

function init(arguments)
    local path, wanted = arguments[1], tonumber(arguments[2])
    ends = arguments[3] == "once"
    for token in io.lines(path) do
        count = count + 1
        requests[count] = wrk.format("GET", wrk.path, { ["Authorization"] = "Bearer " .. token })
        if count == wanted then break end
    end
    if count ~= wanted then error("the token file holds fewer tokens than asked for") end
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

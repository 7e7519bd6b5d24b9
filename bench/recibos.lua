-- Posts prepared calls at a steady rate, whatever the answers take: a queue here would hide a slow server.
local ffi = require("ffi")
ffi.cdef [[
    typedef struct { long tv_sec; long tv_usec; } confirma_timeval;
    int gettimeofday(confirma_timeval *tv, void *tz);
]]

local now_tv = ffi.new("confirma_timeval")
local function now()
    ffi.C.gettimeofday(now_tv, nil)
    return tonumber(now_tv.tv_sec) + tonumber(now_tv.tv_usec) / 1e6
end

local calls = {}
local position = 0
local sent = 0
local began = nil
local rate = tonumber(os.getenv("POR_S"))

function init(args)
    for line in io.lines(os.getenv("RECIBOS")) do
        local signature, body = line:match("^([^\t]+)\t(.*)$")
        local headers = { ["X-Hub-Signature-256"] = signature, ["Content-Type"] = "application/json" }
        calls[#calls + 1] = wrk.format("POST", nil, headers, body)
    end
end

function delay()
    began = began or now()
    local wait = began + sent / rate - now()
    sent = sent + 1
    return wait > 0 and wait * 1000 or 0
end

function request()
    position = position % #calls + 1
    return calls[position]
end

function done(summary, latency, requests)
    local slow = 0
    for percent = 0, 9999 do
        if latency:percentile(percent / 100) > 1e6 then
            slow = 1 - percent / 10000
            break
        end
    end
    local errors = summary.errors
    local refused = errors.status + errors.connect + errors.read + errors.write + errors.timeout
    io.write(string.format(
        '{"por_s": %.1f, "recusados": %d, "p50_ms": %.2f, "p99_ms": %.2f, "max_ms": %.1f, "acima_de_1s": %.4f}\n',
        summary.requests / (summary.duration / 1e6), refused, latency:percentile(50) / 1000,
        latency:percentile(99) / 1000, latency.max / 1000, slow))
end

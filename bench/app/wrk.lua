-- Requests the paths of a file in turn; ends with one line of JSON.
-- Arguments: the file, and for POST the body.

local requests, at = {}, 0

function init(arguments)
   if arguments[2] then
      wrk.method, wrk.body = "POST", arguments[2]
      wrk.headers["Content-Type"] = "application/json"
   end
   for path in io.lines(arguments[1]) do
      requests[#requests + 1] = wrk.format(nil, path)
   end
end

function request()
   at = at % #requests + 1
   return requests[at]
end

function done(summary, latency)
   local errors = summary.errors
   io.write(string.format(
      '{"requests": %d, "seconds": %f, "p50_ms": %f, "p99_ms": %f, "failed": %d}\n',
      summary.requests, summary.duration / 1e6,
      latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
      errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end

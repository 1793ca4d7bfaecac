-- Sends one token of a file per request, from a byte offset on and round again at
-- its end, and prints what wrk counted as one line of JSON.
-- Arguments: the file, the offset in bytes.
-- Requests are put together by hand: wrk.format would cost the load more than
-- some servers take to answer.

local tokens, only, head

function init(args)
  head = "GET " .. wrk.path .. " HTTP/1.1\r\nHost: " .. wrk.host .. ":" .. wrk.port
    .. "\r\n"
  tokens = assert(io.open(args[1], "r"))
  local first = tokens:read("*l")
  if not tokens:read("*l") then
    only = head .. "Authorization: Bearer " .. first .. "\r\n\r\n"
    if first == "-" then
      only = head .. "\r\n"
    end
  end
  head = head .. "Authorization: Bearer "
  tokens:seek("set", tonumber(args[2]))
end

function request()
  if only then
    return only
  end
  local token = tokens:read("*l")
  if not token then
    tokens:seek("set", 0)
    token = tokens:read("*l")
  end
  return head .. token .. "\r\n\r\n"
end

local LINE = 'BENCH {"requests": %d, "duration_us": %d, "p50_us": %d, "p99_us": %d, '
  .. '"connect": %d, "read": %d, "write": %d, "timeout": %d, "status": %d}\n'

function done(summary, latency)
  local errors = summary.errors
  io.write(LINE:format(
    summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99),
    errors.connect, errors.read, errors.write, errors.timeout, errors.status
  ))
end

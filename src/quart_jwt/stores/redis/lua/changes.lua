-- Read the feed. ARGV: the number after which, and the most entries. Gives its name, its
-- last number, since when there is one, and the entries.
--
-- The name changes with every start of a server: one that was restored from a snapshot,
-- or a replica that took over, may have lost the last entries and given their numbers
-- to others.

begin()
local name, last, begun_at = unpack(redis.call('HMGET', FEED, 'name', 'last', 'begun_at'))
local info = redis.pcall('INFO', 'server')  -- may be forbidden
local run = type(info) == 'string' and string.match(info, 'run_id:(%x+)') or ''
local entries = redis.call('XRANGE', ENTRIES,
  string.format('%.0f-0', tonumber(ARGV[4]) + 1), '+', 'COUNT', ARGV[5])
return { name .. '.' .. run, last, begun_at, entries }

-- Put what a rotation made of a family in its place, if nobody changed it since it was
-- read. ARGV: its id, the version that was read, keep_until, "ended" if it ended by
-- this; its fields. Gives whether it was done.

local rest, till = 'family:' .. ARGV[4], ARGV[6]
local key = prefix .. rest
if redis.call('HGET', key, 'version') ~= ARGV[5] then
  return 0
end
redis.call('DEL', key)
redis.call('HSET', key, 'version', ARGV[5] + 1, unpack(ARGV, 8))
keep(rest, till)
local subject, created_at = unpack(redis.call('HMGET', key, 'subject', 'created_at'))
belongs(ARGV[4], subject, created_at, till)
if ARGV[7] == 'ended' then
  tell_end(ARGV[4])
end
return 1

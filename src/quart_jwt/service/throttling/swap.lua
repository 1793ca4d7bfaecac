-- Write records, or none if one is no longer what was read. ARGV: prefix, now, a name that
-- is not used here, the most records of a pool; then for each record its digest, the text
-- that was read or none, the text to write, its pool or none, when it expires. Gives 1 or 0.
--
-- All keys carry the hash tag of the prefix, so that Redis Cluster keeps them in one slot.
-- A pool is a sorted set of digests by the time at which they expire, and bounds them.

local prefix, now, most = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[4])

local function remove(digest)
  redis.call('DEL', prefix .. 'attempts:' .. digest)
  for _, pool in ipairs({ 'address', 'free', 'waiting' }) do
    redis.call('ZREM', prefix .. 'attempts-of:' .. pool, digest)
  end
end

local function keep(digest, text, pool, expires_at)
  redis.call('SET', prefix .. 'attempts:' .. digest, text, 'PX', expires_at - now)
  if pool == '' then
    return
  end
  local members = prefix .. 'attempts-of:' .. pool
  redis.call('ZADD', members, expires_at, digest)
  redis.call('ZREMRANGEBYSCORE', members, '-inf', now)
  local beyond = redis.call('ZCARD', members) - most
  if beyond > 0 then
    for _, first in ipairs(redis.call('ZRANGE', members, 0, beyond - 1)) do
      remove(first)
    end
  end
end

for at = 5, #ARGV, 5 do
  local held = redis.call('GET', prefix .. 'attempts:' .. ARGV[at]) or ''
  if held ~= ARGV[at + 1] then
    return 0
  end
end
for at = 5, #ARGV, 5 do
  remove(ARGV[at])
  if tonumber(ARGV[at + 4]) > now then
    keep(ARGV[at], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4])
  end
end
return 1

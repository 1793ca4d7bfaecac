-- Remove what no token could need any more. ARGV: the most families and revocations, and
-- the most entries of the feed. Gives how many of each went.

local over = redis.call('ZRANGEBYSCORE', ENDS, '-inf', ARGV[2], 'LIMIT', 0, ARGV[4])
for _, rest in ipairs(over) do
  local family_id = string.match(rest, '^family:(.*)$')
  local subject = family_id and redis.call('HGET', prefix .. rest, 'subject')
  if subject then
    redis.call('ZREM', prefix .. 'subject:' .. subject, family_id)
  end
  redis.call('DEL', prefix .. rest)
  redis.call('ZREM', ENDS, rest)
end
local told = redis.call('ZRANGEBYSCORE', ENTRY_ENDS, '-inf', ARGV[2], 'LIMIT', 0, ARGV[5])
for _, number in ipairs(told) do
  redis.call('HINCRBY', FEED, 'kept', -redis.call('XDEL', ENTRIES, number .. '-0'))
  redis.call('ZREM', ENTRY_ENDS, number)
end
return { #over, #told }

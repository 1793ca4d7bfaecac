-- End one family. ARGV: its id, and whose it has to be unless it may be anybody's.

local subject = redis.call('HGET', prefix .. 'family:' .. ARGV[4], 'subject')
if ARGV[5] and ARGV[5] ~= subject then
  return {}
end
return { finish(ARGV[4]) }

-- End the families of a subject. ARGV: the subject; the one to spare, or none; the last
-- created_at that counts, or none; the first epoch that does not count, or none.

local found = redis.call('ZRANGE', prefix .. 'subject:' .. ARGV[4], 0, -1, 'WITHSCORES')
local ended = {}
for at = 1, #found, 2 do
  local is_early = ARGV[6] == '' or tonumber(found[at + 1]) <= tonumber(ARGV[6])
  local epoch = ARGV[7] ~= '' and redis.call('HGET', prefix .. 'family:' .. found[at], 'epoch')
  local is_old = not epoch or tonumber(epoch) < tonumber(ARGV[7])
  if found[at] ~= ARGV[5] and is_early and is_old then
    table.insert(ended, finish(found[at]))
  end
end
return ended

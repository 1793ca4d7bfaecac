-- End the families of a subject. ARGV: the subject; the one to spare, or none; the last
-- created_at that counts, or none.

local found = redis.call('ZRANGE', prefix .. 'subject:' .. ARGV[4], 0, -1, 'WITHSCORES')
local ended = {}
for at = 1, #found, 2 do
  local is_early = ARGV[6] == '' or tonumber(found[at + 1]) <= tonumber(ARGV[6])
  if found[at] ~= ARGV[5] and is_early then
    table.insert(ended, finish(found[at]))
  end
end
return ended

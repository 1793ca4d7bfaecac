-- Start a family. ARGV: its id, subject, created_at and keep_until; the most sessions or
-- none, and what happens beyond; its fields. Gives the families that ended, or nil if
-- there is no room.

local family_id, subject, created_at, till = ARGV[4], ARGV[5], ARGV[6], ARGV[7]
local ended = {}
if ARGV[8] ~= '' then
  local going_on = live(subject)
  local too_many = #going_on + 1 - tonumber(ARGV[8])
  if too_many > 0 and ARGV[9] == 'refuse' then
    return nil
  end
  for at = 1, math.min(too_many, #going_on) do
    table.insert(ended, finish(going_on[at]))
  end
end
redis.call('HSET', prefix .. 'family:' .. family_id, 'version', 0, unpack(ARGV, 10))
keep('family:' .. family_id, till)
belongs(family_id, subject, created_at, till)
return ended

-- The live families of a subject, each with its fields. ARGV: the subject.

local found = {}
for at, family_id in ipairs(live(ARGV[4])) do
  found[at] = redis.call('HGETALL', prefix .. 'family:' .. family_id)
end
return found

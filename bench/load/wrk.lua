-- Sends the Authorization headers of a file, one a line, in turn.
local requests, last = {}, 0

function init (args)
  for line in io.lines(args[1]) do
    requests[#requests + 1] = wrk.format('GET', '/', { Authorization = line })
  end
end

function request ()
  last = last % #requests + 1
  return requests[last]
end

-- A sample for CliFilterPlugins=lua (beside slurm.conf of login nodes): refuses `sbatch|salloc|srun --fugle=FILE` whose
-- largest task can never run in the job, before anything is sent to the controller. It runs as the user, and asks
-- `fugle plan`. Files that it cannot judge (inputs that another job will make) are let through.

local FUGLE = "fugle" -- or its path
-- CPUs of a node, by partition ("" is the default one); a partition that is not here is not judged by them.
local CPUS_OF_NODE = { [""] = 4, main = 4 }

local function quoted(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

-- The largest cores and timeout (seconds) of any task; 0: not known.
local function needs_of(file)
  local plan = io.popen(quoted(FUGLE) .. " plan --json --policy=fifo --alloc nodes=1,cores=1000000,gpus=1000,mem=1000T "
                        .. quoted(file) .. " 2>/dev/null")
  local cores, seconds = 0, 0
  for line in plan:lines() do
    for number in line:gmatch('"cores":%s*([%d.]+)') do cores = math.max(cores, tonumber(number)) end
    for number in line:gmatch('"timeout_s":%s*([%d.]+)') do seconds = math.max(seconds, tonumber(number)) end
  end
  plan:close()
  return cores, seconds
end

-- Seconds of [D-]HH:MM:SS, and of what else sbatch(1) allows for --time; nil: no limit.
local function seconds_of(text)
  if not text or not text:match("^[%d:-]+$") then return nil end
  local days, clock = text:match("^(%d+)-(.*)$")
  local parts = {}
  for number in (clock or text):gmatch("%d+") do parts[#parts + 1] = tonumber(number) end
  local a, b, c = parts[1] or 0, parts[2] or 0, parts[3] or 0
  if days then return days * 86400 + a * 3600 + b * 60 + c end
  if #parts == 3 then return a * 3600 + b * 60 + c end
  return a * 60 + b
end

-- CPUs that the job asks for in all nodes; nil: whole nodes.
local function cpus_asked(options)
  if options["exclusive"] and options["exclusive"] ~= "unset" then return nil end
  local per_task = tonumber(options["cpus-per-task"] or "") or 1
  local tasks = tonumber(options["ntasks"] or "") or 1
  local nodes = tonumber((options["nodes"] or ""):match("^%d+") or "") or 1
  local on_node = tonumber(options["ntasks-per-node"] or "") or 1
  return math.max(tasks, nodes * on_node, nodes) * math.max(per_task, 1)
end

local function refuse(...)
  slurm.log_error("fugle: " .. string.format(...))
  return slurm.ERROR
end

function slurm_cli_setup_defaults(options, early)
  return slurm.SUCCESS
end

function slurm_cli_pre_submit(options, component)
  local ours = options["spank"] and options["spank"]["fugle"]
  local file = ours and ours["fugle"]
  if not file or file == "" then return slurm.SUCCESS end

  if options["type"] == "srun" and os.getenv("SLURM_JOB_ID") then return slurm.SUCCESS end -- a step
  local cores, seconds = needs_of(file)
  local node = CPUS_OF_NODE[options["partition"] or ""]
  if node and cores > node then
    return refuse("the largest task of %s needs %d cores and a node has %d; choose another partition", file, cores, node)
  end
  local asked = cpus_asked(options)
  if asked and asked < cores then
    return refuse("the largest task of %s needs %d cores and the job asks for %d; write --cpus-per-task=%d, or --exclusive",
                  file, cores, asked, cores)
  end
  local limit = seconds_of(options["time"])
  if limit and limit < seconds then
    return refuse("a task of %s may take %d minutes and the job only %d; ask for more --time", file,
                  math.ceil(seconds / 60), math.floor(limit / 60))
  end
  return slurm.SUCCESS
end

function slurm_cli_post_submit(offset, job, step)
  return slurm.SUCCESS
end

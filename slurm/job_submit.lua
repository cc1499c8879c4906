-- A sample for JobSubmitPlugins=lua (beside slurm.conf of the controller): refuses jobs of `--fugle=FILE` whose largest
-- task can never run in them. It believes the variables FUGLE_NEEDS_* that the SPANK plugin sets when plugstack.conf
-- says `needs=yes`; who forges them fools only his own job. slurmctld runs this: it starts nothing and reads no file.

-- CPUs of a node, by partition; a partition that is not here is not judged by them.
local CPUS_OF_NODE = { main = 4 }

local function needed(job, what)
  local text = job.environment and job.environment["FUGLE_NEEDS_" .. what]
  return tonumber(text or "") or 0
end

local function is_set(number)
  return number ~= nil and number ~= slurm.NO_VAL and number ~= slurm.NO_VAL16 and number ~= slurm.NO_VAL64
         and number ~= slurm.INFINITE
end

-- CPUs that the job asks for in all nodes; nil: whole nodes.
local function cpus_asked(job)
  if job.shared == 0 then return nil end -- --exclusive
  local tasks = is_set(job.num_tasks) and job.num_tasks or 1
  local cpus = tasks * (is_set(job.cpus_per_task) and job.cpus_per_task or 1)
  if is_set(job.min_cpus) then cpus = math.max(cpus, job.min_cpus) end
  return cpus
end

local function refuse(...)
  slurm.log_user("fugle: " .. string.format(...))
  return slurm.ERROR
end

function slurm_job_submit(job, partitions, uid)
  local cores, minutes = needed(job, "CORES"), needed(job, "MINUTES")
  if cores == 0 then return slurm.SUCCESS end

  local partition = job.partition
  for name, facts in pairs(partitions) do
    if partition == nil and facts.flag_default == 1 then partition = name end
  end
  local node = CPUS_OF_NODE[partition]
  if node and cores > node then
    return refuse("the largest task needs %d cores and nodes of '%s' have %d; choose another partition", cores,
                  partition, node)
  end
  local asked = cpus_asked(job)
  if asked and asked < cores then
    return refuse("the largest task needs %d cores and the job asks for %d; write --cpus-per-task=%d, or --exclusive",
                  cores, asked, cores)
  end
  if is_set(job.time_limit) and job.time_limit < minutes then
    return refuse("a task may take %d minutes and the job only %d; write --time=%d or more", minutes, job.time_limit,
                  minutes)
  end
  return slurm.SUCCESS
end

function slurm_job_modify(job, record, partitions, uid)
  return slurm.SUCCESS
end

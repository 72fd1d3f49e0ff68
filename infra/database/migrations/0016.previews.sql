-- depends: 0015.chat

-- A preview is fetched by its path, like whatever else lies in the workspace.
create index job_progress_preview on job_progress (preview_path) where preview_path is not null;

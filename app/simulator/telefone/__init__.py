"""The patient's side of the demonstration: simulated patients, and the page where a person plays one."""

/** The file that shows policies what the gate knows about the caller's roles. */
export const RBAC_FILE = 'tollgate.rego'

/**
 * `data.tollgate`: the caller's roles and permissions, and `granted(permission)`, which answers as the
 * gate does: exact, `resource:*`, `resource.*:action`, and `*`, which does not reach `tollgate.…`.
 */
export const RBAC_MODULE = `package tollgate

roles := input.caller.roles

permissions := input.caller.permissions

granted(permission) if {
	[resource, action] := split(permission, ":")
	some pattern in input.caller.permissions
	[resources, actions] := split(pattern, ":")
	actions in {action, "*"}
	_covers(resources, resource)
}

_covers(resources, resource) if resources == resource

_covers(resources, resource) if {
	resources == "*"
	not _reserved(resource)
}

_covers(resources, resource) if {
	endswith(resources, ".*")
	startswith(resource, trim_suffix(resources, "*"))
	resource != trim_suffix(resources, "*")
}

_reserved(resource) if resource == "tollgate"

_reserved(resource) if startswith(resource, "tollgate.")
`
